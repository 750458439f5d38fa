namespace Hnv.Lab;

/// <summary>What a move of a VM took.</summary>
/// <param name="From">Host that it left.</param>
/// <param name="To">Host that it is on.</param>
/// <param name="Prepared">From the request until the new host was ready.</param>
/// <param name="SwitchedAt">When the VM was switched over, <see cref="System.Diagnostics.Stopwatch"/> time.</param>
/// <param name="Completed">From then until the controller put the port on the new host, and this one had realised it.</param>
public sealed record LabMove(string Vm, string From, string To, TimeSpan Prepared, long SwitchedAt, TimeSpan Completed);
