using System.Globalization;
using Hnv.StateLog.CrashWriter;

namespace Hnv.StateLog.Tests.Crash;

/// <summary>What the writers were promised over all rounds, and whether the log kept it.</summary>
internal sealed class CrashPromises
{
    /// <summary>By key: the last acknowledged write; a null label is a deletion.</summary>
    private readonly Dictionary<string, (long Revision, string? Label)> _keys = [];

    /// <summary>By key: what was tried and not yet acknowledged; it may or may not have been committed.</summary>
    private readonly Dictionary<string, string?> _tried = [];

    /// <summary>By revision: what is known to have been written under it, acknowledged or seen in the log.</summary>
    private readonly Dictionary<long, SortedDictionary<string, string>> _revisions = [];
    private long _highest;
    private long _compacted;
    private long? _compacting;

    public int Acknowledged { get; private set; }

    public int CompactionsCutOff { get; private set; }

    public void Hear(string line)
    {
        string[] words = line.Split(' ');
        long revision = words[1] == "-" ? 0 : long.Parse(words[1], CultureInfo.InvariantCulture);
        string? label = words.Length < 4 || words[3] == "-" ? null : words[3];
        switch (words[0])
        {
            case "open":
                Assert.Equal(_highest, revision);
                break;
            case "compacting":
                _compacting = revision;
                break;
            case "compacted":
                _compacted = revision;
                _compacting = null;
                break;
            case "try":
                _tried[words[2]] = label;
                break;
            case "ack":
                Acknowledged++;
                if (label is not null)
                {
                    // Deletions of what was absent share the revision of somebody else.
                    Remember(revision, words[2], label);
                    Assert.True(revision > _keys.GetValueOrDefault(words[2]).Revision, $"{line}: the revision went back.");
                }

                _tried.Remove(words[2]);
                _keys[words[2]] = (revision, label);
                _highest = Math.Max(_highest, revision);
                break;
            default:
                Assert.Fail($"The writer said: {line}");
                break;
        }
    }

    /// <summary>To be called after each kill; takes what the log holds beyond the promises as known from now on.</summary>
    public async Task CheckAsync(IStateLog log, string when)
    {
        long revision = await log.GetRevisionAsync();
        Assert.True(revision >= _highest, $"{when}: revision {_highest} was acknowledged, the log is at {revision}.");
        CompactionsCutOff += _compacting is null ? 0 : 1;
        await CheckValuesAsync(log, revision, when);
        long from = await CheckCompactionAsync(log, when);
        await CheckHistoryAsync(log, from, revision, when);
        (_highest, _compacting) = (revision, null);
    }

    private async Task CheckValuesAsync(IStateLog log, long revision, string when)
    {
        var entries = (await log.RangeAsync("")).Entries.ToDictionary(e => e.Key);
        foreach (LogEntry entry in entries.Values)
        {
            string? label = CrashValue.Check(entry.Value.Span);
            Assert.True(label?.StartsWith(entry.Key + ".", StringComparison.Ordinal), $"{when}: the value of {entry.Key} is damaged.");
            Assert.InRange(entry.ModRevision, 1, revision);
        }

        foreach (string key in entries.Keys.Union(_keys.Keys).ToList())
        {
            (long promised, string? label) = _keys.GetValueOrDefault(key);
            LogEntry? entry = entries.GetValueOrDefault(key);
            string? found = entry is null ? null : CrashValue.Check(entry.Value.Span);
            bool kept = found == label && (entry is null || entry.ModRevision == promised);
            bool committedWithoutAnswer = _tried.TryGetValue(key, out string? tried) && found == tried
                && (entry is null || entry.ModRevision > promised);
            Assert.True(kept || committedWithoutAnswer, $"{when}: {key} should be {label} of {promised}, and is {found} of {entry?.ModRevision}.");
            _keys[key] = (entry?.ModRevision ?? revision, found);
        }

        _tried.Clear();
    }

    /// <summary>The first revision that can be watched: behind the last compaction acknowledged, or behind the one cut off.</summary>
    private async Task<long> CheckCompactionAsync(IStateLog log, string when)
    {
        await using IAsyncEnumerator<LogBatch> watch = log.WatchAsync("", Math.Max(_compacted, 1)).GetAsyncEnumerator();
        if (_compacted == 0 && _compacting is null)
        {
            return 1;
        }

        try
        {
            await watch.MoveNextAsync();
            Assert.True(_compacted == 0, $"{when}: the compaction at {_compacted} is undone.");
            return 1;
        }
        catch (CompactedException e)
        {
            Assert.True(e.CompactedRevision == _compacted || e.CompactedRevision == _compacting, $"{when}: compacted at {e.CompactedRevision}.");
            _compacted = e.CompactedRevision;
            return _compacted + 1;
        }
    }

    private async Task CheckHistoryAsync(IStateLog log, long from, long to, string when)
    {
        if (from > to)
        {
            return;
        }

        long next = from;
        await foreach (LogBatch batch in log.WatchAsync("", from))
        {
            Assert.True(batch.Revision == next++, $"{when}: revision {batch.Revision} came where {next - 1} was due.");
            foreach (LogEvent e in batch.Events)
            {
                string? label = e.Value is { } value ? CrashValue.Check(value.Span) : "-";
                Assert.True(label is not null, $"{when}: the value of {e.Key} at {batch.Revision} is damaged.");
                Remember(batch.Revision, e.Key, label);
            }

            Assert.Equal(_revisions[batch.Revision].Keys, batch.Events.Select(e => e.Key));
            if (batch.Revision == to)
            {
                return;
            }
        }
    }

    private void Remember(long revision, string key, string label)
    {
        if (!_revisions.TryGetValue(revision, out SortedDictionary<string, string>? keys))
        {
            _revisions[revision] = keys = new(StringComparer.Ordinal);
        }

        Assert.True(keys.TryAdd(key, label) || keys[key] == label, $"Revision {revision} of {key} was {keys[key]}, and now is {label}.");
    }
}
