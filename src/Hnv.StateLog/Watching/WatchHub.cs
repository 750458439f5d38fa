using System.Runtime.CompilerServices;

namespace Hnv.StateLog.Watching;

/// <summary>
/// Serves the watchers of one log. A watcher is only a position that it moves itself: it takes what lies behind the position from the
/// newest revisions in memory or, when it is further behind, from the store. So there is no queue per watcher that could grow, no
/// hand-over between history and live events where one could be lost or doubled, and nothing a slow watcher could hold up.
/// </summary>
/// <remarks>
/// The engine calls <see cref="Publish"/> after the commit, in order of revision, and before it answers the writer; and
/// <see cref="Compacted"/> once a compaction is durable.
/// </remarks>
internal sealed class WatchHub(IWatchSource source, WatchLimits limits, long revision, long compacted) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly RecentBatches _recent = new(limits, revision);
    private TaskCompletionSource _changed = NewSignal();
    private long _compacted = compacted;
    private bool _closed;

    public void Publish(IReadOnlyList<LogBatch> batches)
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            foreach (LogBatch batch in batches)
            {
                _recent.Add(batch);
            }

            (changed, _changed) = (_changed, NewSignal());
        }

        changed.TrySetResult();
    }

    public void Compacted(long revision)
    {
        lock (_gate)
        {
            _compacted = Math.Max(_compacted, revision);
            _recent.DropUpTo(revision);
        }
    }

    /// <summary>Ends all watches with <see cref="ObjectDisposedException"/>.</summary>
    public void Dispose()
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            _closed = true;
            changed = _changed;
        }

        changed.TrySetResult();
    }

    /// <summary>The stream of <see cref="IStateLog.WatchAsync"/>; the arguments are checked.</summary>
    public async IAsyncEnumerable<LogBatch> WatchAsync(
        string prefix, long fromRevision, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        long position = Math.Max(fromRevision, 1) - 1;
        long told = position - 1;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();

            // Taken before reading: a change that comes in between ends the wait at once.
            Task change = NextChange();
            WatchPage page = TryReadRecent(prefix, position)
                ?? await source.ReadEventsAsync(prefix, position, cancellationToken);
            foreach (LogBatch batch in page.Batches)
            {
                yield return batch;
                told = batch.Revision;
            }

            position = page.UpTo;
            if (told < position && IsAt(position))
            {
                yield return new LogBatch(position, []);
                told = position;
            }

            if (!IsAt(position + 1))
            {
                await change.WaitAsync(cancellationToken);
            }
        }
    }

    /// <summary>Null when the memory does not reach back so far.</summary>
    private WatchPage? TryReadRecent(string prefix, long position)
    {
        List<LogBatch> batches;
        lock (_gate)
        {
            ThrowIfClosed();
            if (position < _compacted)
            {
                throw new CompactedException(position + 1, _compacted);
            }

            if (position >= _recent.Last)
            {
                return new([], position);
            }

            if (position + 1 < _recent.First)
            {
                return null;
            }

            batches = _recent.Read(position);
        }

        return new([.. batches.Select(b => Filter(b, prefix)).Where(b => !b.Events.IsEmpty)], batches[^1].Revision);
    }

    private static LogBatch Filter(LogBatch batch, string prefix) =>
        batch.Events.All(e => e.Key.StartsWith(prefix, StringComparison.Ordinal))
            ? batch
            : batch with { Events = [.. batch.Events.Where(e => e.Key.StartsWith(prefix, StringComparison.Ordinal))] };

    private bool IsAt(long revision)
    {
        lock (_gate)
        {
            return _recent.Last >= revision;
        }
    }

    private Task NextChange()
    {
        lock (_gate)
        {
            ThrowIfClosed();
            return _changed.Task;
        }
    }

    private void ThrowIfClosed() => ObjectDisposedException.ThrowIf(_closed, source);

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
