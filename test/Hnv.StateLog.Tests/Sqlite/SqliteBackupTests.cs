using Hnv.StateLog.Sqlite;
using Hnv.StateLog.Tests.Support;

namespace Hnv.StateLog.Tests.Sqlite;

public sealed class SqliteBackupTests : IDisposable
{
    private readonly TemporaryDirectory _directory = TemporaryDirectory.InMemory();

    [Fact]
    public async Task A_backup_taken_while_others_write_is_the_log_as_it_was_at_one_revision()
    {
        await using var log = SqliteStateLog.Open(_directory.File("state.db"));
        using var stop = new CancellationTokenSource();
        Task[] writers = [.. Enumerable.Range(0, 4).Select(w => Task.Run(async () =>
        {
            for (int i = 0; !stop.IsCancellationRequested; i++)
            {
                await log.CommitAsync(LogExtensions.Put($"{w}/a", $"{i}"), LogExtensions.Put($"{w}/b", $"{i}"));
            }
        }))];
        for (int round = 0; round < 10; round++)
        {
            long before = await log.GetRevisionAsync();
            string copy = _directory.File($"backup{round}.db");
            await log.BackupAsync(copy);
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(copy));
            await using var restored = SqliteStateLog.Open(copy);
            long revision = await restored.GetRevisionAsync();
            Assert.InRange(revision, before, await log.GetRevisionAsync());
            Assert.Equal(await log.ListAsync(at: revision), await restored.ListAsync());
            Assert.Equal((await log.WatchToEndAsync("", 1))[..(int)revision], await restored.WatchToEndAsync("", 1));
            Assert.Equal(revision + 1, await restored.PutAsync("goes on", ""));
        }

        await stop.CancelAsync();
        await Task.WhenAll(writers);
        Assert.Empty(Directory.GetFiles(_directory.Path, "*.partial*"));
    }

    [Fact]
    public async Task A_backup_overwrites_nothing()
    {
        await using var log = SqliteStateLog.Open(_directory.File("state.db"));
        string there = _directory.File("there");
        await File.WriteAllTextAsync(there, "precious");
        var e = await Assert.ThrowsAsync<StateLogException>(async () => await log.BackupAsync(there));
        Assert.Contains(there, e.Message, StringComparison.Ordinal);
        Assert.Equal("precious", await File.ReadAllTextAsync(there));
        await Assert.ThrowsAsync<StateLogException>(async () => await log.BackupAsync(log.FilePath));
    }

    [Fact]
    public async Task A_backup_to_where_nothing_can_be_written_says_so()
    {
        await using var log = SqliteStateLog.Open(_directory.File("state.db"));
        var e = await Assert.ThrowsAsync<StateLogException>(async () => await log.BackupAsync("/proc/nowhere/backup.db"));
        Assert.Contains("/proc/nowhere/backup.db", e.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _directory.Dispose();
}
