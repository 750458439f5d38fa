using System.Collections.Immutable;
using Hnv.Linux;

namespace Hnv.Datapath.Tables;

/// <summary>
/// Tables in order of dependency: each may refer to those before it. Additions go forwards, then removals backwards, so no entry in the
/// kernel refers to one that is not there yet or any more, as long as what is desired does not.
/// </summary>
internal sealed class TableSet(params ImmutableArray<ITableWriter> tables)
{
    public void Adopt()
    {
        foreach (ITableWriter table in tables)
        {
            table.Adopt();
        }
    }

    /// <summary>Entries in the kernel of the table of that name; null when there is no such table here.</summary>
    public long? CountInKernel(string table) => tables.FirstOrDefault(candidate => candidate.Name == table)?.InKernel;

    /// <param name="sweep">Whether anything may be removed.</param>
    public ApplyResult Apply(bool sweep)
    {
        TableOutcome[] outcomes = [.. tables.Select(_ => new TableOutcome())];
        for (int i = 0; i < tables.Length; i++)
        {
            tables[i].WriteAdditions(outcomes[i]);
        }

        if (sweep)
        {
            for (int i = tables.Length - 1; i >= 0; i--)
            {
                tables[i].WriteRemovals(outcomes[i]);
            }

            RetryWhereRoomWasMade(outcomes);
        }

        return new ApplyResult(
            outcomes.Sum(outcome => outcome.Written),
            outcomes.Sum(outcome => outcome.Removed),
            [.. tables.Select((table, i) => table.Conclude(outcomes[i])).OfType<TableFailure>()]);
    }

    private void RetryWhereRoomWasMade(TableOutcome[] outcomes)
    {
        for (int i = 0; i < tables.Length; i++)
        {
            if (outcomes[i] is { AdditionFailure: not Errno.None, Removed: > 0 })
            {
                outcomes[i].RetryAdditions();
                tables[i].WriteAdditions(outcomes[i]);
            }
        }
    }
}
