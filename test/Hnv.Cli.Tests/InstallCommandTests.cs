namespace Hnv.Cli.Tests;

/// <summary><c>hnv install agent</c> where settings are there already: they stay, and are what counts.</summary>
public sealed class InstallCommandTests : IDisposable
{
    private const string Next = "Next: set host";

    private readonly string _root = Directory.CreateTempSubdirectory("hnv-install-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory]
    [InlineData("")]
    [InlineData("--host host1")]
    [InlineData("--controller unix:///run/x --uplink eth1")]
    [InlineData("--host host1 --controller unix:/run/x --uplink eth1")]
    public async Task Agent_WhoseSettingsAreWhole_IsInstalledAgainWithWhatIsThere(string options)
    {
        CliRun run = await RunAsync("host: host1\ncontrollers: [unix:/run/x]\nuplinks: [eth1]\n", options);
        Assert.True(run.ExitCode == 0, run.Error);
        Assert.DoesNotContain(Next, run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--host host2")]
    [InlineData("--controller unix:/run/y")]
    [InlineData("--uplink eth2")]
    public async Task Agent_WhoseSettingsAreOthers_IsRefused(string options)
    {
        CliRun run = await RunAsync("host: host1\ncontrollers: [unix:///run/x]\nuplinks: [eth1]\n", options);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("says something else", run.Error, StringComparison.Ordinal);
    }

    /// <summary>The template as it was installed: what the options say is not written into it.</summary>
    [Fact]
    public async Task Agent_WhoseSettingsAreMissing_IsToldThatTheFileStaysAndToSetThemThere()
    {
        CliRun run = await RunAsync("# nothing is set\n", "--host host1 --controller unix:/run/x --uplink eth1");
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("agent.yaml is there already, and stays as it is.\n  Set host, controllers and uplinks in it", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Agent_WithoutSettings_IsToldWhatIsNext() => Assert.Contains(Next, (await CliRun.RunAsync($"install agent --dry-run --root {_root}")).Error, StringComparison.Ordinal);

    private async Task<CliRun> RunAsync(string settings, string options)
    {
        Directory.CreateDirectory($"{_root}/etc/hnv");
        await File.WriteAllTextAsync($"{_root}/etc/hnv/agent.yaml", settings, TestContext.Current.CancellationToken);
        return await CliRun.RunAsync($"install agent --dry-run --root {_root} {options}");
    }
}
