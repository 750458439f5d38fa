using System.Collections.Immutable;
using Hnv.Linux;

namespace Hnv.Datapath.Tables;

/// <summary>What <see cref="IDataplane.Apply"/> did.</summary>
/// <param name="Written">Entries created or replaced.</param>
/// <param name="Removed">Entries removed.</param>
/// <param name="Failures">One for each table of which something could not be written; what failed stays pending and is tried again.</param>
public sealed record ApplyResult(int Written, int Removed, ImmutableArray<TableFailure> Failures)
{
    /// <summary>Everything desired is in the kernel.</summary>
    public bool IsComplete => Failures.IsEmpty;
}

/// <summary>A table that did not take everything.</summary>
/// <param name="Table">Name of the map.</param>
/// <param name="Errno">Why the kernel refused first: E2BIG, ENOSPC or ENOMEM when it is full.</param>
/// <param name="Pending">Entries that are not in the kernel as desired.</param>
/// <param name="Entries">Entries in the kernel.</param>
/// <param name="Capacity">Entries there is room for.</param>
public sealed record TableFailure(string Table, Errno Errno, int Pending, long Entries, long Capacity)
{
    /// <summary>Whether more room would help.</summary>
    public bool IsFull => Errno is Errno.E2BIG or Errno.ENOSPC or Errno.ENOMEM;

    public override string ToString() => IsFull
        ? $"the kernel's map '{Table}' is full: {Entries} of {Capacity} entries, {Pending} could not be written ({Errno})"
        : $"{Pending} entries of the kernel's map '{Table}' ({Entries} of {Capacity}) could not be written ({Errno})";
}
