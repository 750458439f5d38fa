using Hnv.Linux;

namespace Hnv.Datapath.Tables;

/// <summary>The part of a table that <see cref="TableSet"/> drives.</summary>
internal interface ITableWriter
{
    string Name { get; }

    /// <summary>Entries that the kernel holds, as far as this table's only writer knows.</summary>
    long InKernel { get; }

    /// <summary>Reads what the kernel holds.</summary>
    void Adopt();

    /// <summary>Creates and replaces.</summary>
    void WriteAdditions(TableOutcome outcome);

    /// <summary>Removes what nobody desires, what was adopted and not claimed included.</summary>
    void WriteRemovals(TableOutcome outcome);

    /// <summary>The failure to report, if any.</summary>
    TableFailure? Conclude(TableOutcome outcome);
}

/// <summary>What happened to one table during one <see cref="IDataplane.Apply"/>.</summary>
internal sealed class TableOutcome
{
    public int Written { get; set; }

    public int Removed { get; set; }

    /// <summary>The first failure of an addition or replacement.</summary>
    public Errno AdditionFailure { get; private set; }

    /// <summary>The first failure of a removal.</summary>
    public Errno RemovalFailure { get; private set; }

    public Errno Failure => AdditionFailure == Errno.None ? RemovalFailure : AdditionFailure;

    public void FailAddition(Errno errno) => AdditionFailure = AdditionFailure == Errno.None ? errno : AdditionFailure;

    public void FailRemoval(Errno errno) => RemovalFailure = RemovalFailure == Errno.None ? errno : RemovalFailure;

    /// <summary>Forgets the failure of additions before another attempt.</summary>
    public void RetryAdditions() => AdditionFailure = Errno.None;
}
