using Hnv.Controller.Store;
using Hnv.StateLog;
using Hnv.StateLog.Memory;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hnv.Controller.Tests;

public sealed class LogCompactorTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task CompactAsync_SecondLook_ForgetsWhatWasSupersededBeforeTheFirst()
    {
        await using var log = new MemoryStateLog();
        using var compactor = new LogCompactor(log, new ControllerOptions(), NullLogger<LogCompactor>.Instance);
        await PutAsync(log, "a", 1);
        await PutAsync(log, "a", 2);

        await compactor.CompactAsync(Cancelled);
        await PutAsync(log, "a", 3);
        Assert.Equal(1, Assert.Single((await log.RangeAsync("a", new RangeOptions(AtRevision: 1), Cancelled)).Entries).Value.Span[0]);

        await compactor.CompactAsync(Cancelled);
        await Assert.ThrowsAsync<CompactedException>(async () => await log.RangeAsync("a", new RangeOptions(AtRevision: 1), Cancelled));
        Assert.Equal(2, Assert.Single((await log.RangeAsync("a", new RangeOptions(AtRevision: 2), Cancelled)).Entries).Value.Span[0]);
        Assert.Equal(3, Assert.Single((await log.RangeAsync("a", null, Cancelled)).Entries).Value.Span[0]);
    }

    [Fact]
    public async Task CompactAsync_AnotherControllerWasFirst_IsNoFailure()
    {
        await using var log = new MemoryStateLog();
        using var compactor = new LogCompactor(log, new ControllerOptions(), NullLogger<LogCompactor>.Instance);
        await PutAsync(log, "a", 1);
        await compactor.CompactAsync(Cancelled);
        await PutAsync(log, "a", 2);
        await log.CompactAsync(2, Cancelled);

        await compactor.CompactAsync(Cancelled);

        Assert.Equal(2, Assert.Single((await log.RangeAsync("a", null, Cancelled)).Entries).Value.Span[0]);
    }

    private static async Task PutAsync(MemoryStateLog log, string key, byte value) =>
        Assert.True((await log.TransactAsync(new LogTransaction([], [LogOperation.Put(key, new[] { value })]), Cancelled)).Succeeded);
}
