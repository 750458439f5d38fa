using System.Collections.Immutable;
using Hnv.StateLog.Keys;
using Hnv.StateLog.Watching;

namespace Hnv.StateLog.Memory;

/// <summary>The log in memory, for tests and throw-away labs: everything but durability.</summary>
public sealed class MemoryStateLog : IStateLog, IWatchSource
{
    private readonly Lock _gate = new();

    /// <summary>Sorted by the bytes of the key.</summary>
    private readonly List<KeyHistory> _keys = [];

    /// <summary>The events of revisions <see cref="_compacted"/> + 1 to <see cref="_revision"/>, one batch each.</summary>
    private readonly List<LogBatch> _events = [];
    private readonly WatchLimits _limits;
    private readonly WatchHub _hub;
    private long _revision;
    private long _compacted;
    private bool _disposed;

    public MemoryStateLog()
        : this(WatchLimits.Default)
    {
    }

    internal MemoryStateLog(WatchLimits limits)
    {
        _limits = limits;
        _hub = new WatchHub(this, limits, revision: 0, compacted: 0);
    }

    public ValueTask<long> GetRevisionAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            ThrowIfDisposed();
            return ValueTask.FromResult(_revision);
        }
    }

    public ValueTask<RangeResult> RangeAsync(
        string prefix, RangeOptions? options = null, CancellationToken cancellationToken = default)
    {
        var range = CheckedRange.Check(prefix, options);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            ThrowIfDisposed();
            long at = range.RevisionToReadAt(_revision, _compacted);
            var entries = ImmutableArray.CreateBuilder<LogEntry>();
            for (int i = IndexOf(range.Keys.Low); i < _keys.Count && IsBelow(_keys[i], range.Keys.High); i++)
            {
                if (_keys[i].EntryAt(at) is not { } entry)
                {
                    continue;
                }

                if (entries.Count == range.Limit)
                {
                    return ValueTask.FromResult(new RangeResult(at, entries.ToImmutable(), More: true));
                }

                entries.Add(entry);
            }

            return ValueTask.FromResult(new RangeResult(at, entries.ToImmutable(), More: false));
        }
    }

    public ValueTask<TransactionResult> TransactAsync(LogTransaction transaction, CancellationToken cancellationToken = default)
    {
        var wanted = CheckedTransaction.Check(transaction);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            ThrowIfDisposed();
            ImmutableArray<LogConflict> conflicts =
            [
                .. wanted.Compares
                    .Select(c => new LogConflict(c.Key, c.ModRevision, Find(c.KeyBytes)?.Live?.Revision ?? 0))
                    .Where(c => c.Expected != c.Found),
            ];
            if (!conflicts.IsEmpty)
            {
                return ValueTask.FromResult(new TransactionResult(Succeeded: false, _revision, conflicts));
            }

            ImmutableArray<LogEvent> events =
            [
                .. wanted.Operations
                    .Where(o => o.Value is not null || Find(o.KeyBytes)?.Live is not null)
                    .Select(o => FindOrAdd(o).Write(o.Value, _revision + 1)),
            ];
            if (!events.IsEmpty)
            {
                var batch = new LogBatch(++_revision, events);
                _events.Add(batch);
                _hub.Publish([batch]);
            }

            return ValueTask.FromResult(new TransactionResult(Succeeded: true, _revision, []));
        }
    }

    public IAsyncEnumerable<LogBatch> WatchAsync(string prefix, long fromRevision, CancellationToken cancellationToken = default)
    {
        _ = KeyRange.Of(prefix);
        ArgumentOutOfRangeException.ThrowIfNegative(fromRevision);
        return _hub.WatchAsync(prefix, fromRevision, cancellationToken);
    }

    public ValueTask CompactAsync(long revision, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(revision);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            ThrowIfDisposed();
            CompactionRules.Check(revision, _revision, _compacted);
            _events.RemoveRange(0, (int)(revision - _compacted));
            _keys.ForEach(k => k.Compact(revision));
            _keys.RemoveAll(k => k.IsEmpty);
            _compacted = revision;
            _hub.Compacted(revision);
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _disposed = true;
        }

        _hub.Dispose();
        return ValueTask.CompletedTask;
    }

    ValueTask<WatchPage> IWatchSource.ReadEventsAsync(string prefix, long afterRevision, CancellationToken cancellationToken)
    {
        var page = new WatchPageBuilder(_limits);
        lock (_gate)
        {
            ThrowIfDisposed();
            if (afterRevision < _compacted)
            {
                throw new CompactedException(afterRevision + 1, _compacted);
            }

            foreach (LogEvent e in _events.Skip((int)(afterRevision - _compacted)).SelectMany(b => b.Events))
            {
                if (e.Key.StartsWith(prefix, StringComparison.Ordinal) && !page.TryAdd(e))
                {
                    break;
                }
            }

            return ValueTask.FromResult(page.Build(_revision));
        }
    }

    private KeyHistory? Find(byte[] key)
    {
        int at = IndexOf(key);
        return at < _keys.Count && _keys[at].KeyBytes.AsSpan().SequenceEqual(key) ? _keys[at] : null;
    }

    private KeyHistory FindOrAdd(CheckedOperation operation)
    {
        if (Find(operation.KeyBytes) is { } found)
        {
            return found;
        }

        var added = new KeyHistory(operation.Key, operation.KeyBytes);
        _keys.Insert(IndexOf(operation.KeyBytes), added);
        return added;
    }

    /// <summary>The first key that is not below <paramref name="low"/>.</summary>
    private int IndexOf(byte[] low)
    {
        (int from, int to) = (0, _keys.Count);
        while (from < to)
        {
            int middle = (from + to) >>> 1;
            (from, to) = IsBelow(_keys[middle], low) ? (middle + 1, to) : (from, middle);
        }

        return from;
    }

    private static bool IsBelow(KeyHistory history, byte[] key) => history.KeyBytes.AsSpan().SequenceCompareTo(key) < 0;

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(_disposed, this);
}
