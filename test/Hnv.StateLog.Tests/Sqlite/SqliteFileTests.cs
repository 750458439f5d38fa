using System.Diagnostics;
using Hnv.StateLog.Sqlite;
using Hnv.StateLog.Tests.Support;
using Microsoft.Data.Sqlite;

namespace Hnv.StateLog.Tests.Sqlite;

/// <summary>The file: who may open it, and what is said when it cannot be.</summary>
public sealed class SqliteFileTests : IDisposable
{
    private readonly TemporaryDirectory _directory = TemporaryDirectory.InMemory();

    private string Database => _directory.File("state.db");

    [Fact]
    public async Task Revision_values_and_history_survive_closing()
    {
        await using (var log = SqliteStateLog.Open(Database))
        {
            await log.PutAsync("a", "1");
            await log.PutAsync("a", "2");
            await log.CompactAsync(1);
        }

        await using var again = SqliteStateLog.Open(Database);
        Assert.Equal(2, await again.GetRevisionAsync());
        Assert.Equal(["a=2 1/2"], await again.ListAsync());
        Assert.Equal(["2: a=2(1)"], await again.WatchToEndAsync("", 2));
        await Assert.ThrowsAsync<CompactedException>(() => again.WatchToEndAsync("", 1));
        Assert.Equal(3, await again.PutAsync("b", "1"));
    }

    [Fact]
    public async Task The_revision_survives_compaction_of_everything_and_closing()
    {
        await using (var log = SqliteStateLog.Open(Database))
        {
            await log.PutAsync("a", "1");
            await log.DeleteAsync("a");
            await log.CompactAsync(2);
        }

        Assert.Equal(0, Number("SELECT count(*) FROM version"));
        await using var again = SqliteStateLog.Open(Database);
        Assert.Equal(2, await again.GetRevisionAsync());
        Assert.Equal(3, await again.PutAsync("a", "1"));
    }

    [Fact]
    public async Task Compaction_leaves_only_what_lives_and_empties_the_write_ahead_log()
    {
        await using var log = SqliteStateLog.Open(Database);
        for (int i = 0; i < 50; i++)
        {
            await log.CommitAsync(LogExtensions.Put("a", $"{i}"), LogExtensions.Put($"gone{i}", ""));
            await log.DeleteAsync($"gone{i}");
        }

        Assert.NotEqual(0, new FileInfo(Database + "-wal").Length);
        await log.CompactAsync(100);
        Assert.Equal(0, new FileInfo(Database + "-wal").Length);
        Assert.Equal(1, Number("SELECT count(*) FROM version"));
    }

    [Fact]
    public async Task A_compaction_cut_off_half_way_is_finished_when_the_file_is_opened()
    {
        await using (var log = SqliteStateLog.Open(Database))
        {
            await log.PutAsync("a", "1");
            await log.PutAsync("a", "2");
            await log.DeleteAsync("b");
        }

        Execute("UPDATE log SET compacted = 2");
        Assert.Equal(2, Number("SELECT count(*) FROM version"));
        await using var again = SqliteStateLog.Open(Database);
        Assert.Equal(1, Number("SELECT count(*) FROM version"));
        Assert.Equal(["a=2 1/2"], await again.ListAsync());
    }

    [Fact]
    public async Task The_files_belong_to_their_owner_alone()
    {
        const UnixFileMode Mine = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        string deep = _directory.File("made/on/demand/state.db");
        await using var log = SqliteStateLog.Open(deep);
        await log.PutAsync("a", "1");
        Assert.All([deep, deep + "-wal", deep + "-shm", deep + ".lock"], f => Assert.Equal(Mine, File.GetUnixFileMode(f)));
        Assert.Equal(Mine | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(deep)!));
    }

    [Fact]
    public async Task A_file_that_others_could_read_is_closed_to_them()
    {
        await SqliteStateLog.Open(Database).DisposeAsync();
        File.SetUnixFileMode(Database, (UnixFileMode)0b110_100_100);
        await using var log = SqliteStateLog.Open(Database);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Database));
    }

    [Fact]
    public async Task Every_commit_is_synced_and_goes_to_a_write_ahead_log()
    {
        await using var log = SqliteStateLog.Open(Database);
        using SqliteConnection writer = SqliteFile.OpenForWriting(Database, SqliteStateLogOptions.Default);
        using SqliteCommand command = writer.CreateCommand();
        command.CommandText = "SELECT (SELECT journal_mode FROM pragma_journal_mode) || (SELECT synchronous FROM pragma_synchronous)";
        Assert.Equal("wal2", command.ExecuteScalar());
    }

    [Fact]
    public async Task A_store_in_use_cannot_be_opened_again_under_any_name()
    {
        string link = _directory.File("link.db");
        await using (SqliteStateLog.Open(Database))
        {
            File.CreateSymbolicLink(link, Database);
            var e = Assert.Throws<StateLogException>(() => SqliteStateLog.Open(Database));
            Assert.Contains(Database, e.Message, StringComparison.Ordinal);
            Assert.Contains("in use", e.Message, StringComparison.Ordinal);
            Assert.Contains("in use", Assert.Throws<StateLogException>(() => SqliteStateLog.Open(link)).Message, StringComparison.Ordinal);
        }

        await using var log = SqliteStateLog.Open(link);
        Assert.Equal(Database, log.FilePath);
    }

    [Fact]
    public async Task A_store_locked_by_another_process_is_refused()
    {
        await SqliteStateLog.Open(Database).DisposeAsync();
        using var holder = Process.Start(new ProcessStartInfo("flock", ["--exclusive", Database + ".lock", "sh", "-c", "echo held; read line"])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        try
        {
            Assert.Equal("held", await holder.StandardOutput.ReadLineAsync());
            var e = Assert.Throws<StateLogException>(() => SqliteStateLog.Open(Database));
            Assert.Contains("in use", e.Message, StringComparison.Ordinal);
        }
        finally
        {
            holder.StandardInput.Close();
            await holder.WaitForExitAsync();
        }

        await SqliteStateLog.Open(Database).DisposeAsync();
    }

    [Fact]
    public void A_database_of_another_application_is_refused_and_left_alone()
    {
        Execute("CREATE TABLE theirs(x); INSERT INTO theirs VALUES (1)");
        byte[] before = File.ReadAllBytes(Database);
        AssertRefused("another application");
        Execute("PRAGMA application_id = 7");
        AssertRefused("another application");
        Execute("PRAGMA application_id = 0");
        Assert.Equal(before.Length, File.ReadAllBytes(Database).Length);
        Assert.Equal(1, Number("SELECT count(*) FROM theirs"));
    }

    /// <summary>As the first version wrote it, whatever later ones write: keys, values, what was superseded, what was deleted, how far it is compacted.</summary>
    [Fact]
    public async Task A_file_of_schema_1_is_read_and_continued()
    {
        Execute("""
            CREATE TABLE log(id INTEGER PRIMARY KEY CHECK (id = 1), revision INTEGER NOT NULL, compacted INTEGER NOT NULL, CHECK (compacted BETWEEN 0 AND revision)) STRICT;
            INSERT INTO log VALUES (1, 5, 2);
            CREATE TABLE version(id INTEGER PRIMARY KEY, key BLOB NOT NULL, revision INTEGER NOT NULL, created INTEGER NOT NULL, superseded INTEGER, value BLOB) STRICT;
            CREATE UNIQUE INDEX version_revision ON version(revision, key);
            CREATE UNIQUE INDEX version_newest ON version(key) WHERE superseded IS NULL;
            CREATE UNIQUE INDEX version_superseded ON version(superseded, key) WHERE superseded IS NOT NULL;
            CREATE INDEX version_deletion ON version(revision) WHERE superseded IS NULL AND value IS NULL;
            INSERT INTO version VALUES (2, x'61', 2, 1, 4, x'31'), (3, x'62', 3, 3, 5, x'32'), (4, x'61', 4, 1, NULL, x'33'), (5, x'62', 5, 0, NULL, NULL);
            PRAGMA application_id = 0x484E564C;
            PRAGMA user_version = 1;
            PRAGMA journal_mode = WAL;
            """);

        await using var log = SqliteStateLog.Open(Database);

        Assert.Equal(5, await log.GetRevisionAsync());
        Assert.Equal(["a=3 1/4"], await log.ListAsync());
        Assert.Equal(["3: b=2()", "4: a=3(1)"], (await log.WatchToEndAsync("", 3))[..2]);
        await Assert.ThrowsAsync<CompactedException>(() => log.WatchToEndAsync("", 2));
        Assert.Equal(6, await log.PutAsync("c", "1"));
    }

    [Fact]
    public async Task A_newer_schema_is_refused_and_left_alone()
    {
        await SqliteStateLog.Open(Database).DisposeAsync();
        Execute($"PRAGMA user_version = {SqliteSchema.Version + 1}");
        byte[] before = File.ReadAllBytes(Database);
        AssertRefused($"has schema {SqliteSchema.Version + 1}");
        Assert.Equal(before, File.ReadAllBytes(Database));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(50)]
    [InlineData(5000)]
    public void A_file_that_is_no_database_is_refused_and_left_alone(int size)
    {
        byte[] text = [.. Enumerable.Range(0, size).Select(i => (byte)('a' + (i % 26)))];
        File.WriteAllBytes(Database, text);
        AssertRefused("not a SQLite database");
        Assert.Equal(text, File.ReadAllBytes(Database));
    }

    [Fact]
    public async Task An_empty_file_becomes_a_store()
    {
        await File.WriteAllBytesAsync(Database, []);
        await using var log = SqliteStateLog.Open(Database);
        Assert.Equal(1, await log.PutAsync("a", "1"));
    }

    [Fact]
    public async Task A_damaged_file_is_refused()
    {
        await using (var log = SqliteStateLog.Open(Database))
        {
            for (int i = 0; i < 200; i++)
            {
                await log.PutAsync($"key{i}", new string('x', 200));
            }
        }

        byte[] good = await File.ReadAllBytesAsync(Database);
        byte[] hole = [.. good];
        hole.AsSpan(good.Length / 2, 4096).Clear();
        await File.WriteAllBytesAsync(Database, hole);
        AssertRefused("damaged");
        await File.WriteAllBytesAsync(Database, good[..(good.Length / 4096 / 2 * 4096)]);
        AssertRefused("damaged");
        await File.WriteAllBytesAsync(Database, good);
        await using var again = SqliteStateLog.Open(Database);
        Assert.Equal(200, await again.GetRevisionAsync());
    }

    [Fact]
    public async Task A_revision_that_went_back_is_taken_for_damage()
    {
        await using (var log = SqliteStateLog.Open(Database))
        {
            await log.PutAsync("a", "1");
        }

        Execute("UPDATE log SET revision = 0");
        AssertRefused("newer than the log's revision");
    }

    [Fact]
    public void A_place_where_no_file_can_be_is_named()
    {
        Directory.CreateDirectory(Database);
        AssertRefused("cannot be opened");
        File.WriteAllText(_directory.File("file"), "");
        Assert.Contains("cannot be opened", Assert.Throws<StateLogException>(() => SqliteStateLog.Open(_directory.File("file/x.db"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_full_store_says_so_loses_nothing_and_goes_on_after_compaction()
    {
        await using var log = SqliteStateLog.Open(Database, SqliteStateLogOptions.Default with { MaxPages = 60 });
        string value = new('x', 10_000);
        long last = 0;
        var e = await Assert.ThrowsAsync<StateLogException>(async () =>
        {
            while (true)
            {
                last = await log.PutAsync("a", value);
            }
        });
        Assert.Contains("full", e.Message, StringComparison.Ordinal);
        Assert.Contains(Database, e.Message, StringComparison.Ordinal);
        Assert.True(last > 3);
        Assert.Equal(last, await log.GetRevisionAsync());
        Assert.Equal(last, (await log.WatchToEndAsync("", 1)).Length);
        await log.CompactAsync(last);
        Assert.Equal(last + 1, await log.PutAsync("a", value));
    }

    public void Dispose() => _directory.Dispose();

    private void AssertRefused(string reason)
    {
        var e = Assert.Throws<StateLogException>(() => SqliteStateLog.Open(Database));
        Assert.Contains(Database, e.Message, StringComparison.Ordinal);
        Assert.Contains(reason, e.Message, StringComparison.Ordinal);
    }

    private void Execute(string sql)
    {
        using SqliteConnection connection = SqliteFile.Connect(Database, SqliteOpenMode.ReadWriteCreate);
        SqliteFile.Execute(connection, sql);
    }

    private long Number(string sql)
    {
        using SqliteConnection connection = SqliteFile.Connect(Database, SqliteOpenMode.ReadWrite);
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        return (long)command.ExecuteScalar()!;
    }
}
