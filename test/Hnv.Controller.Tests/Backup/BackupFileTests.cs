using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Hnv.Controller.Backup;
using Hnv.StateLog;
using Hnv.StateLog.Sqlite;
using static Hnv.Controller.Tests.TestController;

namespace Hnv.Controller.Tests.Backup;

/// <summary>Which files are taken for a backup, and which are not.</summary>
public sealed class BackupFileTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private ControllerPlaces Source => new(Path.Combine(_directory.Path, "from"), Path.Combine(_directory.Path, "from", "state.db"), null);

    private string Target => Path.Combine(_directory.Path, "to");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Unpack_WithAnyByteChanged_GivesTheSameOrRefuses()
    {
        byte[] good = await BackupAsync();
        byte[] log = await RestoreAsync(good);
        var random = new Random(11);
        int refused = 0;
        for (int round = 0; round < 300; round++)
        {
            byte[] bad = [.. good];
            bad[random.Next(bad.Length)] ^= (byte)(1 << random.Next(8));
            try
            {
                // The rest of a header (a time, a name of an owner) says nothing about what is in it.
                Assert.Equal(log, await RestoreAsync(bad));
            }
            catch (BackupException)
            {
                refused++;
            }
        }

        Assert.True(refused > 250, $"{refused} of 300 were refused");
    }

    [Fact]
    public async Task Restore_OfAFileCutShort_RefusesAndLeavesNothing()
    {
        byte[] good = await BackupAsync();
        for (int length = 0; length < good.Length - 8; length += 97)
        {
            await Assert.ThrowsAsync<BackupException>(() => RestoreAsync(good[..length]));
            Assert.False(File.Exists(Path.Combine(Target, "state.db")));
            Assert.DoesNotContain(Directory.EnumerateFileSystemEntries(Target), static p => p.Contains(".restoring", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Restore_OfTwoBackupsInOneFile_Refuses()
    {
        byte[] good = await BackupAsync();
        BackupException e = await Assert.ThrowsAsync<BackupException>(() => RestoreAsync([.. good, .. good]));
        Assert.Contains("something follows its end", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Restore_OfABackupOfANewerVersion_NamesBothVersions()
    {
        byte[] newer = Archive(("hnv-controller-backup.json", """{"format":"hnv-controller-backup","version":2,"program":"9.9.9","entirely":"different"}"""));

        BackupException e = await Assert.ThrowsAsync<BackupException>(() => RestoreAsync(newer));

        Assert.Contains("format 2", e.Message, StringComparison.Ordinal);
        Assert.Contains("9.9.9", e.Message, StringComparison.Ordinal);
        Assert.Contains("format 1", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Restore_OfForeignFiles_SaysThatTheyAreNone()
    {
        await BackupAsync();
        byte[][] foreign =
        [
            [],
            Encoding.ASCII.GetBytes("kind: Host\nname: host1\n"),
            new byte[5000],
            Archive(("etc/passwd", "root:x:0:0")),
            Archive(("hnv-controller-backup.json", """{"format":"something-else","version":1}""")),
            Archive(("hnv-controller-backup.json", """{"version":1}""")),
        ];
        foreach (byte[] file in foreign)
        {
            BackupException e = await Assert.ThrowsAsync<BackupException>(() => RestoreAsync(file));
            Assert.Contains("is not a backup of an HNV controller", e.Message, StringComparison.Ordinal);
        }

        BackupException bare = await Assert.ThrowsAsync<BackupException>(async () => await RestoreAsync(await File.ReadAllBytesAsync(Source.LogFile, Cancelled)));
        Assert.Contains("bare SQLite file", bare.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../evil")]
    [InlineData("pki/../../evil")]
    [InlineData("/etc/evil")]
    [InlineData("pki/a/b")]
    public async Task Restore_OfAFileThatWouldLeadElsewhere_Refuses(string name)
    {
        string manifest = $$"""{"format":"hnv-controller-backup","version":1,"program":"1","created":"2026-01-01T00:00:00Z","controller":"c","revision":1,"files":[{"name":"state.db","size":0,"sha256":""},{"name":"{{name}}","size":1,"sha256":""}]}""";

        BackupException e = await Assert.ThrowsAsync<BackupException>(() => RestoreAsync(Archive(("hnv-controller-backup.json", manifest), ("state.db", ""), (name, "x"))));

        Assert.Contains("makes no sense", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Restore_OfABackupWithoutCertificates_KeepsThoseThatAreThere()
    {
        byte[] backup = await BackupAsync();
        var places = new ControllerPlaces(Target, Path.Combine(Target, "state.db"), null);
        await SqliteStateLog.Open(places.LogFile).DisposeAsync();
        string authority = Path.Combine(Directory.CreateDirectory(Path.Combine(Target, "pki")).FullName, "ca.crt");
        await File.WriteAllTextAsync(authority, "mine", Cancelled);
        using var input = new MemoryStream(backup);

        RestoreResult result = await ControllerRestore.RunAsync(places, input, "backup", force: true, TimeProvider.System, Cancelled);

        Assert.Equal("mine", await File.ReadAllTextAsync(authority, Cancelled));
        Assert.DoesNotContain(result.SetAside, static p => p.Contains("pki", StringComparison.Ordinal));
        Assert.Contains("no certificates", Assert.Single(result.Remarks), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, "another size")]
    [InlineData(1L << 60, "are free")]
    public async Task Unpack_OfAFileThatIsNotAsLargeAsItsListSays_RefusesBeforeItWrites(long size, string problem)
    {
        string manifest = $$"""{"format":"hnv-controller-backup","version":1,"program":"1","created":"2026-01-01T00:00:00Z","controller":"c","revision":1,"files":[{"name":"state.db","size":{{size}},"sha256":""}]}""";
        using var input = new MemoryStream(Archive(("hnv-controller-backup.json", manifest), ("state.db", new string('x', 100_000))));

        BackupException e = await Assert.ThrowsAsync<BackupException>(() => BackupReader.UnpackAsync(input, "backup", f => Path.Combine(_directory.Path, f), Cancelled));

        Assert.Contains(problem, e.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_directory.Path));
    }

    [Fact]
    public async Task Restore_OfABackupWhoseLogIsAtAnotherRevision_Refuses()
    {
        await BackupAsync();
        SqliteStateLog.Backup(Source.LogFile, Path.Combine(_directory.Path, "copy.db"));
        byte[] log = await File.ReadAllBytesAsync(Path.Combine(_directory.Path, "copy.db"), Cancelled);
        string hash = Convert.ToHexStringLower(SHA256.HashData(log));
        string Manifest(long revision) => $$"""{"format":"hnv-controller-backup","version":1,"program":"1","created":"2026-01-01T00:00:00Z","controller":"c","revision":{{revision}},"files":[{"name":"state.db","size":{{log.Length}},"sha256":"{{hash}}"}]}""";

        BackupException e = await Assert.ThrowsAsync<BackupException>(() => RestoreAsync(Archive(log, Manifest(long.MaxValue - 1))));

        Assert.Contains("is at 1", e.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(Target, "state.db")));
        await RestoreAsync(Archive(log, Manifest(1)));
    }

    [Fact]
    public async Task Write_WhereNothingIsOrSomethingStands_SaysSo()
    {
        BackupException nothing = await Assert.ThrowsAsync<BackupException>(() => ControllerBackup.WriteFileAsync(Source, Path.Combine(_directory.Path, "x"), TimeProvider.System, Cancelled));
        await BackupAsync();
        string there = Path.Combine(_directory.Path, "there");
        await File.WriteAllTextAsync(there, "mine", Cancelled);

        BackupException exists = await Assert.ThrowsAsync<BackupException>(() => ControllerBackup.WriteFileAsync(Source, there, TimeProvider.System, Cancelled));

        Assert.Contains("no state log", nothing.Message, StringComparison.Ordinal);
        Assert.Contains("exists already", exists.Message, StringComparison.Ordinal);
        Assert.Equal("mine", await File.ReadAllTextAsync(there, Cancelled));
        Assert.DoesNotContain(Directory.EnumerateFileSystemEntries(_directory.Path), static p => p.Contains("hnv-backup", StringComparison.Ordinal) || p.EndsWith(".partial", StringComparison.Ordinal));
    }

    private async Task<byte[]> BackupAsync()
    {
        await using (var log = SqliteStateLog.Open(Source.LogFile))
        {
            await log.TransactAsync(new LogTransaction([], [LogOperation.Put("/r/hosts/host1", "{}"u8.ToArray())]), Cancelled);
        }

        using var output = new MemoryStream();
        await ControllerBackup.WriteAsync(Source, output, _directory.Path, TimeProvider.System, Cancelled);
        return output.ToArray();
    }

    /// <summary>What was restored, without its revision, which the clock decides; the next restore finds an empty place.</summary>
    private async Task<byte[]> RestoreAsync(byte[] archive)
    {
        var places = new ControllerPlaces(Target, Path.Combine(Target, "state.db"), null);
        using var input = new MemoryStream(archive);
        await ControllerRestore.RunAsync(places, input, "backup", false, TimeProvider.System, Cancelled);
        LogEntry entry;
        await using (var log = SqliteStateLog.Open(places.LogFile))
        {
            entry = Assert.Single((await log.RangeAsync("", cancellationToken: Cancelled)).Entries);
        }

        File.Delete(places.LogFile);
        return [.. Encoding.UTF8.GetBytes(entry.Key), .. entry.Value.Span];
    }

    private static byte[] Archive(byte[] log, string manifest) => Archive([("hnv-controller-backup.json", Encoding.UTF8.GetBytes(manifest)), ("state.db", log)]);

    private static byte[] Archive(params (string Name, string Content)[] entries) => Archive([.. entries.Select(static e => (e.Name, Encoding.UTF8.GetBytes(e.Content)))]);

    private static byte[] Archive((string Name, byte[] Content)[] entries)
    {
        using var output = new MemoryStream();
        using (var gzip = new GZipStream(output, CompressionLevel.Fastest, leaveOpen: true))
        using (var tar = new TarWriter(gzip, TarEntryFormat.Ustar))
        {
            foreach ((string name, byte[] content) in entries)
            {
                tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) });
            }
        }

        return output.ToArray();
    }
}
