using System.Collections.Immutable;
using Hnv.StateLog.Tests.Support;
using static Hnv.StateLog.Tests.Support.LogExtensions;

namespace Hnv.StateLog.Tests.Properties;

/// <summary>Does the same to an engine and to the model, and compares every answer.</summary>
internal sealed class ModelRun(ILogEngine engine)
{
    private readonly LogModel _model = new();
    private readonly List<(Watcher Watcher, string Prefix)> _watches = [];
    private readonly List<long> _positions = [];

    private IStateLog Log => engine.Log;

    public async Task RunAsync(IEnumerable<LogCommand> commands)
    {
        foreach (LogCommand command in commands)
        {
            await (command switch
            {
                LogCommand.Transact c => TransactAsync(c),
                LogCommand.Range c => RangeAsync(c),
                LogCommand.StartWatch c => StartWatchAsync(c),
                LogCommand.ReadWatch c => ReadWatchAsync(c),
                LogCommand.Compact c => CompactAsync(c),
                LogCommand.Reopen => ReopenAsync(),
                _ => throw new ArgumentOutOfRangeException(nameof(commands), command, null),
            });
            Assert.Equal(_model.Revision, await Log.GetRevisionAsync());
        }

        // At the end every watch that can still read must have seen all.
        while (_watches.Count > 0)
        {
            await ReadToAsync(0, _model.Revision);
            await EndWatchAsync(0);
        }
    }

    private async Task TransactAsync(LogCommand.Transact c)
    {
        ImmutableArray<LogCompare> compares =
            [.. c.WriteKeys.Take(c.Compares).Select(k => new LogCompare(k, _model.LastWrite(k) + (c.Stale ? 1 : 0)))];
        var transaction = new LogTransaction(
            compares, [.. c.WriteKeys.Zip(c.WriteValues, (k, v) => v is null ? Delete(k) : Put(k, v))]);
        TransactionResult actual = await Log.TransactAsync(transaction);
        string conflicts = string.Join(' ', actual.Conflicts.Select(x => $"{x.Key}:{x.Expected}/{x.Found}"));
        Assert.Equal(_model.Transact(transaction), (actual.Succeeded, actual.Revision, conflicts));
    }

    private async Task RangeAsync(LogCommand.Range c)
    {
        // One beyond the newest is the future.
        long at = c.At is { } choice ? choice % (_model.Revision + 2) : _model.Revision;
        var options = new RangeOptions(c.At is null ? null : at, c.Limit, c.After);
        if (at > _model.Revision)
        {
            await Assert.ThrowsAsync<FutureRevisionException>(async () => await Log.RangeAsync(c.Prefix, options));
        }
        else if (at < _model.Compacted)
        {
            await Assert.ThrowsAsync<CompactedException>(async () => await Log.RangeAsync(c.Prefix, options));
        }
        else
        {
            RangeResult actual = await Log.RangeAsync(c.Prefix, options);
            (string[] entries, bool more) = _model.Range(c.Prefix, at, c.Limit, c.After);
            Assert.Equal(at, actual.Revision);
            Assert.Equal(entries, actual.Entries.Select(e => e.Describe()));
            Assert.Equal(more, actual.More);
        }
    }

    private async Task StartWatchAsync(LogCommand.StartWatch c)
    {
        long from = c.From % (_model.Revision + 2);
        if (from <= _model.Compacted && _model.Compacted > 0)
        {
            await using var refused = new Watcher(Log, c.Prefix, from);
            var e = await Assert.ThrowsAsync<CompactedException>(refused.NextAsync);
            Assert.Equal(_model.Compacted, e.CompactedRevision);
            return;
        }

        _watches.Add((new Watcher(Log, c.Prefix, from), c.Prefix));
        _positions.Add(Math.Max(from, 1) - 1);
    }

    private async Task ReadWatchAsync(LogCommand.ReadWatch c)
    {
        if (_watches.Count > 0)
        {
            int index = c.Watch % _watches.Count;
            await ReadToAsync(index, Math.Min(_positions[index] + c.Batches, _model.Revision));
        }
    }

    /// <summary>Reads until the watch has said that it is at the revision, or says, rightly, that compaction overtook it.</summary>
    private async Task ReadToAsync(int index, long revision)
    {
        (Watcher watcher, string prefix) = _watches[index];
        while (_positions[index] < revision)
        {
            LogBatch batch;
            try
            {
                batch = await watcher.NextAsync();
            }
            catch (CompactedException e)
            {
                Assert.True(_positions[index] < _model.Compacted, "The watch was told of a compaction that had not reached it.");
                Assert.Equal(_model.Compacted, e.CompactedRevision);
                _positions[index] = long.MaxValue;
                return;
            }

            // A batch says: between the last one and me there was nothing for you.
            for (long skipped = _positions[index] + 1; skipped < batch.Revision; skipped++)
            {
                Assert.Null(_model.Events(prefix, skipped));
            }

            if (batch.Revision > _positions[index])
            {
                Assert.Equal(_model.Events(prefix, batch.Revision), batch.Events.IsEmpty ? null : batch.Describe());
            }

            _positions[index] = Math.Max(_positions[index], batch.Revision);
        }
    }

    private async Task CompactAsync(LogCommand.Compact c)
    {
        long at = c.At % (_model.Revision + 2);
        if (at > _model.Revision)
        {
            await Assert.ThrowsAsync<FutureRevisionException>(async () => await Log.CompactAsync(at));
        }
        else if (at < _model.Compacted)
        {
            await Assert.ThrowsAsync<CompactedException>(async () => await Log.CompactAsync(at));
        }
        else
        {
            await Log.CompactAsync(at);
            _model.Compact(at);
        }
    }

    private async Task ReopenAsync()
    {
        while (engine is SqliteEngine && _watches.Count > 0)
        {
            await EndWatchAsync(0);
        }

        await engine.ReopenAsync();
    }

    private async Task EndWatchAsync(int index)
    {
        await _watches[index].Watcher.DisposeAsync();
        _watches.RemoveAt(index);
        _positions.RemoveAt(index);
    }
}
