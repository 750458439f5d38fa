using System.Text;
using Hnv.StateLog.Tests.Support;

namespace Hnv.StateLog.Tests.Properties;

/// <summary>The log, done in the plainest way: every state is kept, and an event is the difference of two.</summary>
internal sealed class LogModel
{
    private readonly List<Dictionary<string, Cell>> _states = [[]];

    public long Revision => _states.Count - 1;

    public long Compacted { get; private set; }

    public long LastWrite(string key) => _states[^1].TryGetValue(key, out Cell? cell) ? cell.Written : 0;

    public (bool Succeeded, long Revision, string Conflicts) Transact(LogTransaction transaction)
    {
        string conflicts = string.Join(' ', transaction.Compares
            .Where(c => LastWrite(c.Key) != c.ModRevision)
            .Select(c => $"{c.Key}:{c.ModRevision}/{LastWrite(c.Key)}"));
        if (conflicts.Length > 0)
        {
            return (false, Revision, conflicts);
        }

        var next = new Dictionary<string, Cell>(_states[^1]);
        bool changed = false;
        foreach (LogOperation o in transaction.Operations)
        {
            if (o.Value is not null)
            {
                long created = next.TryGetValue(o.Key, out Cell? old) ? old.Created : Revision + 1;
                next[o.Key] = new(LogExtensions.Text(o.Value)!, created, Revision + 1);
                changed = true;
            }
            else
            {
                changed |= next.Remove(o.Key);
            }
        }

        if (changed)
        {
            _states.Add(next);
        }

        return (true, Revision, "");
    }

    public void Compact(long revision) => Compacted = revision;

    public (string[] Entries, bool More) Range(string prefix, long at, int limit, string? after)
    {
        string[] all =
        [
            .. InOrder(_states[(int)at].Keys)
                .Where(k => k.StartsWith(prefix, StringComparison.Ordinal) && (after is null || CompareBytes(k, after) > 0))
                .Select(k => (Key: k, Cell: _states[(int)at][k]))
                .Select(e => $"{e.Key}={e.Cell.Value} {e.Cell.Created}/{e.Cell.Written}"),
        ];
        return (all.Length > limit ? all[..limit] : all, all.Length > limit);
    }

    /// <summary>The events of one revision, described as <see cref="LogExtensions.Describe(LogBatch)"/> does; null when there are none.</summary>
    public string? Events(string prefix, long revision)
    {
        (Dictionary<string, Cell> before, Dictionary<string, Cell> after) = (_states[(int)revision - 1], _states[(int)revision]);
        string[] changes =
        [
            .. InOrder(before.Keys.Union(after.Keys))
                .Where(k => k.StartsWith(prefix, StringComparison.Ordinal))
                .Select(k => (Key: k, Old: before.GetValueOrDefault(k), New: after.GetValueOrDefault(k)))
                .Where(c => c.Old != c.New)
                .Select(c => $" {c.Key}={c.New?.Value ?? "-"}({c.Old?.Value})"),
        ];
        return changes.Length == 0 ? null : $"{revision}:{string.Concat(changes)}";
    }

    private static IEnumerable<string> InOrder(IEnumerable<string> keys) => keys.Order(Comparer<string>.Create(CompareBytes));

    private static int CompareBytes(string x, string y) =>
        Encoding.UTF8.GetBytes(x).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(y));

    private sealed record Cell(string Value, long Created, long Written);
}
