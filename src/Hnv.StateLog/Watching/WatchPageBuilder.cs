using System.Collections.Immutable;

namespace Hnv.StateLog.Watching;

/// <summary>Gathers events, given in order of revision, into batches until a page is full.</summary>
internal sealed class WatchPageBuilder(WatchLimits limits)
{
    private readonly List<LogBatch> _batches = [];
    private readonly ImmutableArray<LogEvent>.Builder _events = ImmutableArray.CreateBuilder<LogEvent>();
    private int _count;
    private long _bytes;
    private bool _cut;

    /// <summary>False when the page was full before this event; it is not in the page then.</summary>
    public bool TryAdd(LogEvent logEvent)
    {
        if (_events.Count > 0 && _events[0].Revision != logEvent.Revision)
        {
            CloseBatch();
            if (_count >= limits.PageEvents || _bytes >= limits.PageBytes)
            {
                _cut = true;
                return false;
            }
        }

        _events.Add(logEvent);
        _count++;
        _bytes += RecentBatches.SizeOf(logEvent);
        return true;
    }

    /// <param name="current">The log's revision when it was read: where the page reaches unless it was cut.</param>
    public WatchPage Build(long current)
    {
        CloseBatch();
        return new(_batches, _cut ? _batches[^1].Revision : current);
    }

    private void CloseBatch()
    {
        if (_events.Count > 0)
        {
            _batches.Add(new(_events[0].Revision, _events.DrainToImmutable()));
        }
    }
}
