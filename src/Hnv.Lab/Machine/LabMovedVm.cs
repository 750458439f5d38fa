namespace Hnv.Lab.Machine;

/// <summary>A VM that was moved while the lab ran.</summary>
/// <param name="From">Where the lab file has it.</param>
/// <param name="To">Where it is.</param>
internal sealed record LabMovedVm(string Vm, string From, string To);
