using Hnv.StateLog.Sqlite;

namespace Hnv.Cli.Tests;

public sealed class ControllerBackupTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("hnv-backup-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Backup_ThenRestore_SaysWhereTheLogGoesOn()
    {
        await SqliteStateLog.Open($"{_directory}/a/state.db").DisposeAsync();

        CliRun backup = await RunAsync($"backup {_directory}/x.backup", "a");
        CliRun again = await RunAsync($"backup {_directory}/x.backup", "a");
        CliRun restore = await RunAsync($"restore {_directory}/x.backup", "b");
        CliRun standing = await RunAsync($"restore {_directory}/x.backup", "b");
        CliRun forced = await RunAsync($"restore {_directory}/x.backup --force", "b");

        Assert.True(backup.ExitCode == 0, backup.Error);
        Assert.Contains("at revision 0", backup.Output, StringComparison.Ordinal);
        Assert.Equal(1, again.ExitCode);
        Assert.True(restore.ExitCode == 0, restore.Error);
        Assert.Matches(@"revision 0; it goes on at revision \d{11,}\.", restore.Output);
        Assert.Equal(1, standing.ExitCode);
        Assert.Contains("There is a state already", standing.Error, StringComparison.Ordinal);
        Assert.True(forced.ExitCode == 0, forced.Error);
        Assert.Contains("state.db.replaced-", forced.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Restore_OfWhatIsNone_ExitsOneAndSaysSo()
    {
        CliRun missing = await RunAsync($"restore {_directory}/x.backup", "b");
        await File.WriteAllTextAsync($"{_directory}/x.backup", "something else entirely", TestContext.Current.CancellationToken);
        CliRun foreign = await RunAsync($"restore {_directory}/x.backup", "b");
        CliRun memory = await CliRun.RunAsync($"controller backup {_directory}/y.backup --store memory");

        Assert.Equal(1, missing.ExitCode);
        Assert.Contains("There is no such file", missing.Error, StringComparison.Ordinal);
        Assert.Equal(1, foreign.ExitCode);
        Assert.Contains("is not a backup of an HNV controller", foreign.Error, StringComparison.Ordinal);
        Assert.Equal(2, memory.ExitCode);
    }

    [Theory]
    [InlineData("state.db.restore-journal", "")]
    [InlineData("elsewhere.db.restore-journal", " --store sqlite:{0}/elsewhere.db")]
    [InlineData("pki.restoring/ca.crt", "")]
    [InlineData("pki.restoring/ca.crt", " --store memory")]
    public async Task Init_WhileARestoreIsBrokenOff_MakesNoOtherAuthority(string witness, string store)
    {
        string file = $"{_directory}/a/{witness}";
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        await File.WriteAllTextAsync(file, "x", TestContext.Current.CancellationToken);
        string init = "init" + store.Replace("{0}", $"{_directory}/a", StringComparison.Ordinal);

        CliRun refused = await RunAsync(init, "a");
        Assert.Equal((1, false), (refused.ExitCode, Directory.Exists($"{_directory}/a/pki")));
        Assert.Contains("hnv controller restore FILE", refused.Error, StringComparison.Ordinal);

        Directory.Delete($"{_directory}/a", recursive: true);
        CliRun made = await RunAsync(init, "a");
        Assert.True(made.ExitCode == 0, made.Error);
    }

    private Task<CliRun> RunAsync(string line, string data) =>
        CliRun.RunAsync($"controller {line} --data {_directory}/{data} --config {_directory}/{data}/none.yaml");
}
