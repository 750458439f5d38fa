using Hnv.StateLog.Sqlite;
using Hnv.StateLog.Tests.Support;

namespace Hnv.StateLog.Tests.Sqlite;

public sealed class SqliteContinueTests : IDisposable
{
    private readonly TemporaryDirectory _directory = TemporaryDirectory.OnDisk();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_copy_that_goes_on_later_has_the_state_and_no_history()
    {
        string file = _directory.File("state.db");
        await using (var log = SqliteStateLog.Open(file))
        {
            await log.PutAsync("a", "1");
            await log.PutAsync("b", "1");
            await log.PutAsync("a", "2");
        }

        SqliteStateLog.ContinueAt(file, 1000);

        Assert.Equal(1000, SqliteStateLog.ReadRevision(file));
        await using var copy = SqliteStateLog.Open(file);
        Assert.Equal(["a", "b"], (await copy.RangeAsync("", cancellationToken: TestContext.Current.CancellationToken)).Entries.Select(static e => e.Key));
        foreach (long lost in (long[])[1, 4, 999, 1000])
        {
            await Assert.ThrowsAsync<CompactedException>(async () => await copy.WatchToEndAsync("", lost));
        }

        Assert.Equal(1001, await copy.PutAsync("a", "3"));
        Assert.Single(await copy.WatchToEndAsync("", 1001));
    }

    [Fact]
    public async Task ContinueAt_NotLater_Refuses()
    {
        string file = _directory.File("state.db");
        await using (var log = SqliteStateLog.Open(file))
        {
            await log.PutAsync("a", "1");
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => SqliteStateLog.ContinueAt(file, 1));
        Assert.Equal(1, SqliteStateLog.ReadRevision(file));
    }

    [Fact]
    public async Task Reserve_KeepsOthersOutAndSeesWhoIsIn()
    {
        string file = _directory.File("state.db");
        using (SqliteStateLog.Reserve(file))
        {
            Assert.Throws<StateLogException>(() => SqliteStateLog.Open(file));
        }

        await using var log = SqliteStateLog.Open(file);
        Assert.Throws<StateLogException>(() => SqliteStateLog.Reserve(file));
    }
}
