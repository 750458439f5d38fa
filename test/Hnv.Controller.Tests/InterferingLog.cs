using Hnv.StateLog;

namespace Hnv.Controller.Tests;

/// <summary>A log into which somebody else writes at the worst moment: once, right before a transaction.</summary>
internal sealed class InterferingLog(IStateLog log) : IStateLog
{
    private Func<Task>? _interference;

    /// <summary>What happens right before the next transaction.</summary>
    public void BeforeNextTransaction(Func<Task> interference) => _interference = interference;

    public async ValueTask<TransactionResult> TransactAsync(LogTransaction transaction, CancellationToken cancellationToken = default)
    {
        if (Interlocked.Exchange(ref _interference, null) is { } interference)
        {
            await interference();
        }

        return await log.TransactAsync(transaction, cancellationToken);
    }

    public ValueTask<long> GetRevisionAsync(CancellationToken cancellationToken = default) => log.GetRevisionAsync(cancellationToken);

    public ValueTask<RangeResult> RangeAsync(string prefix, RangeOptions? options = null, CancellationToken cancellationToken = default) => log.RangeAsync(prefix, options, cancellationToken);

    public IAsyncEnumerable<LogBatch> WatchAsync(string prefix, long fromRevision, CancellationToken cancellationToken = default) => log.WatchAsync(prefix, fromRevision, cancellationToken);

    public ValueTask CompactAsync(long revision, CancellationToken cancellationToken = default) => log.CompactAsync(revision, cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
