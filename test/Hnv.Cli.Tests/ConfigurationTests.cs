namespace Hnv.Cli.Tests;

/// <summary>Settings in files: what is wrong is said with file and line, all at once; the command line has the last word.</summary>
public sealed class ConfigurationTests : IDisposable
{
    private readonly string _file = Path.Combine(Directory.CreateTempSubdirectory("hnv-config-").FullName, "hnv.yaml");

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_file)!, recursive: true);

    [Fact]
    public async Task Agent_RightSettings_SaysWhatItWouldDo()
    {
        CliRun run = await CheckAsync("agent", "host: host1\ncontrollers: [\"https://c.example:8640\", \"https://d.example:8640\"]\nuplinks: eth1\n");
        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Equal("The agent of host1 takes its policy from https://c.example:8640, https://d.example:8640, with uplinks eth1.\n", run.Output);
    }

    [Fact]
    public async Task Agent_OptionsBesideSettings_GoFirst()
    {
        CliRun run = await CheckAsync("agent --host other --uplink eth7", "host: host1\ncontrollers: [\"https://c.example:8640\"]\nuplinks: [eth1]\n", new Dictionary<string, string> { ["HNV_CONTROLLER"] = "http://lab:1" });
        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Equal("The agent of other takes its policy from https://c.example:8640, with uplinks eth7.\n", run.Output);
    }

    [Theory]
    [InlineData("agent", "vxlanPort: 8472\n", 8472)]
    [InlineData("agent --vxlan-port 8473", "vxlanPort: 8472\n", 8473)]
    public async Task Agent_WithAnotherVxlanPort_TakesIt(string command, string setting, int port)
    {
        CliRun run = await CheckAsync(command, "host: host1\ncontrollers: [\"https://c.example:8640\"]\nuplinks: eth1\n" + setting);
        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Equal($"The agent of host1 takes its policy from https://c.example:8640, with uplinks eth1. VXLAN is at UDP port {port}.\n", run.Output);
    }

    [Fact]
    public async Task Agent_SeveralThingsWrong_SaysEachWithItsLine()
    {
        CliRun run = await CheckAsync("agent", "host: a/b\ncontrolers: x\nuplinks:\n- eth0\n- eth0/1\n- [eth2]\n");
        Assert.Equal(2, run.ExitCode);
        Assert.Empty(run.Output);
        Assert.Contains($"{_file}:1: host: 'a/b' is not a name", run.Error, StringComparison.Ordinal);
        Assert.Contains($"{_file}:2: controlers: is not a setting", run.Error, StringComparison.Ordinal);
        Assert.Contains("Did you mean 'controllers'?", run.Error, StringComparison.Ordinal);
        Assert.Contains($"{_file}: controllers: is missing", run.Error, StringComparison.Ordinal);
        Assert.Contains($"{_file}:5: uplinks: 'eth0/1' is not an interface name", run.Error, StringComparison.Ordinal);
        Assert.Contains($"{_file}:6: uplinks: is not a text", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("agent", "host: [\n", ":2")]
    [InlineData("agent", "host: one\n---\nhost: two\n", ":3")]
    [InlineData("agent", "- host\n", ":1")]
    [InlineData("agent", "# nothing is set\n", "host: is missing")]
    [InlineData("agent", "host: {name: x}\ncontrollers: [\"http://c:1\"]\nuplinks: [e]\n", ":1: host")]
    [InlineData("agent", "host: h\ncontrollers: [\"http://c:1\"]\nuplinks: [e]\nvxlanPort: 0\n", ":4: vxlanPort: 0 is not a UDP port")]
    [InlineData("agent", "host: h\ncontrollers: [\"http://c:1\"]\nuplinks: [e]\nvxlanPort: vxlan\n", ":4: vxlanPort: 0 is not a UDP port")]
    [InlineData("agent", "host: h\ncontrollers: [\"http://c:1\"]\nuplinks: [e]\nvxlanPort: 65536\n", ":4: vxlanPort: 65536 is not a UDP port")]
    [InlineData("controller", "listen: [\"http://192.0.2.1:1\"]\n", ":1: listen: http://192.0.2.1:1 would give the cloud to everybody")]
    [InlineData("controller", "listen:\n- http://127.0.0.1:1\n- nonsense\n", ":3: listen: nonsense is not understood")]
    [InlineData("controller", "listen: []\n", ":1: listen: names no address")]
    [InlineData("controller", "store: etcd:x\n", ":1: store: The store 'etcd:x' cannot be opened")]
    [InlineData("controller", "lissten: x\n", "Did you mean 'listen'?")]
    public async Task Check_WrongSettings_ExitsTwoAndSaysWhere(string command, string text, string said)
    {
        CliRun run = await CheckAsync(command, text);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(said, run.Error, StringComparison.Ordinal);
        Assert.Contains(_file, run.Error, StringComparison.Ordinal);
        Assert.Empty(run.Output);
    }

    [Theory]
    [InlineData("agent")]
    [InlineData("controller")]
    public async Task Check_NoSuchFile_ExitsTwo(string command)
    {
        CliRun run = await CliRun.RunAsync($"{command} --config {_file} --check");
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("There is no such file.", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("install agent --uplink much-too-long-for-an-interface --root /nonexistent", 2, "--uplink")]
    [InlineData("install agent --controller nowhere --root /nonexistent", 2, "--controller")]
    [InlineData("uninstall agent --root /nonexistent", 1, "There is no hnv-agent.service that 'hnv install' made.")]
    public async Task Install_WrongUsage_SaysSo(string line, int exitCode, string said)
    {
        CliRun run = await CliRun.RunAsync(line);
        Assert.Equal(exitCode, run.ExitCode);
        Assert.Contains(said, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Install_DryRun_SaysWhatItWouldWriteAndWritesNothing()
    {
        string root = Path.Combine(Path.GetDirectoryName(_file)!, "root");
        CliRun run = await CliRun.RunAsync($"install agent --host host1 --controller https://c:8640 --uplink eth1 --root {root} --dry-run");
        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Contains("write   /etc/systemd/system/hnv-agent.service", run.Output, StringComparison.Ordinal);
        Assert.Contains("write   /etc/hnv/agent.yaml", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("run  ", run.Output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(root));
    }

    [Theory]
    [InlineData("--host host2 --controller https://c:8640 --uplink eth1", 2)]
    [InlineData("--uplink eth2", 2)]
    [InlineData("--host host1", 0)]
    [InlineData("", 0)]
    public async Task InstallAgain_WithOtherOptionsThanTheSettingsSay_RefusesInsteadOfIgnoringThem(string options, int exitCode)
    {
        string root = Path.Combine(Path.GetDirectoryName(_file)!, "root");
        Directory.CreateDirectory($"{root}/etc/hnv");
        await File.WriteAllTextAsync($"{root}/etc/hnv/agent.yaml", "host: host1\ncontrollers: [\"https://c:8640\"]\nuplinks: [eth1]\n", TestContext.Current.CancellationToken);
        CliRun run = await CliRun.RunAsync($"install agent {options} --root {root} --dry-run");
        Assert.True(run.ExitCode == exitCode, run.Error);
        Assert.Equal(exitCode != 0, run.Error.Contains("/etc/hnv/agent.yaml says something else, and stays as it is", StringComparison.Ordinal));
    }

    private async Task<CliRun> CheckAsync(string command, string text, IReadOnlyDictionary<string, string>? variables = null)
    {
        await File.WriteAllTextAsync(_file, text, TestContext.Current.CancellationToken);
        return await CliRun.RunAsync($"{command} --config {_file} --check", variables);
    }
}
