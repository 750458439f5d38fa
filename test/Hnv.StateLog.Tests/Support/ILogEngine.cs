using Hnv.StateLog.Memory;
using Hnv.StateLog.Sqlite;
using Hnv.StateLog.Watching;

namespace Hnv.StateLog.Tests.Support;

/// <summary>An engine under test. A new one is empty; disposing removes what it made.</summary>
public interface ILogEngine : IAsyncDisposable
{
    IStateLog Log { get; }

    /// <summary>Closes the log and opens it again, where the engine keeps anything.</summary>
    Task ReopenAsync();
}

/// <summary>Room for almost nothing, so that watchers read from the store often and in many pages.</summary>
internal static class TinyWatchLimits
{
    public static WatchLimits Value { get; } = new(RecentRevisions: 4, RecentBytes: 64, PageEvents: 3, PageBytes: 64);
}

public sealed class MemoryEngine : ILogEngine
{
    public IStateLog Log { get; } = new MemoryStateLog(TinyWatchLimits.Value);

    public Task ReopenAsync() => Task.CompletedTask;

    public ValueTask DisposeAsync() => Log.DisposeAsync();
}

public sealed class SqliteEngine : ILogEngine
{
    private readonly TemporaryDirectory _directory = TemporaryDirectory.InMemory();

    public SqliteEngine() => Log = Open();

    public IStateLog Log { get; private set; }

    public async Task ReopenAsync()
    {
        await Log.DisposeAsync();
        Log = Open();
    }

    public async ValueTask DisposeAsync()
    {
        await Log.DisposeAsync();
        _directory.Dispose();
    }

    private SqliteStateLog Open() =>
        SqliteStateLog.Open(_directory.File("state.db"), new SqliteStateLogOptions(TinyWatchLimits.Value, SweepRows: 2));
}
