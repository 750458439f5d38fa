namespace Hnv.StateLog.Tests.Support;

/// <summary>A watch that a test drives by hand; it checks on the way that revisions only rise.</summary>
internal sealed class Watcher : IAsyncDisposable
{
    private readonly CancellationTokenSource _deadline = new(LogExtensions.Deadline);
    private readonly IAsyncEnumerator<LogBatch> _stream;
    private long _last;

    public Watcher(IStateLog log, string prefix, long from)
    {
        _stream = log.WatchAsync(prefix, from, _deadline.Token).GetAsyncEnumerator();
        _last = from - 2;
    }

    /// <summary>The next batch, marks included.</summary>
    public async Task<LogBatch> NextAsync()
    {
        Assert.True(await _stream.MoveNextAsync(), "The stream ended by itself.");
        LogBatch batch = _stream.Current;
        Assert.True(batch.Revision > _last, $"Revision {batch.Revision} came after {_last}.");
        _last = batch.Revision;
        return batch;
    }

    /// <summary>The next batch with events, described.</summary>
    public async Task<string> NextEventsAsync()
    {
        LogBatch batch;
        do
        {
            batch = await NextAsync();
        }
        while (batch.Events.IsEmpty);
        return batch.Describe();
    }

    /// <summary>All batches with events, described, until the stream has said that it is at the revision.</summary>
    public async Task<string[]> UpToAsync(long revision)
    {
        List<string> seen = [];
        while (_last < revision)
        {
            LogBatch batch = await NextAsync();
            if (!batch.Events.IsEmpty)
            {
                seen.Add(batch.Describe());
            }
        }

        return [.. seen];
    }

    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync();
        _deadline.Dispose();
    }
}
