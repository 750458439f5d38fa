using System.Net;
using System.Net.Sockets;
using Hnv.Api.Client;
using Hnv.Api.Reports;
using Hnv.Api.Stream;

namespace Hnv.Cli.Tests;

/// <summary>What is said where something is wrong: in the user's words, with what to do.</summary>
public sealed class WordsTests(CloudFixture cloud) : IClassFixture<CloudFixture>
{
    [Theory]
    [InlineData("next-hop --vsid -1 --to 10.0.0.7", "--vsid: '-1' is not a whole number from 0 to 4294967295.")]
    [InlineData("forget subnet abc", "VSID: 'abc' is not a whole number from 0 to 4294967295.")]
    [InlineData("agent --vxlan-port many", "--vxlan-port: 'many' is not a whole number.")]
    [InlineData("controller --check --listen http://0.0.0.0:8640", "error: ")]
    [InlineData("controller --check --store papyrus:x", "error: --store: ")]
    [InlineData("controller --listen nowhere --store papyrus:x", "error: --store: ")]
    public async Task Value_ThatIsWrong_IsToldInWordsAndExitsTwo(string line, string told)
    {
        CliRun run = await CliRun.RunAsync(line);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(told, run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("System.", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("get", "port", "a\e[31mb")]
    [InlineData("get", "a\e[31mb", "x")]
    [InlineData("a\e[31mb", "x", "y")]
    public async Task ControlCharacters_OfAnArgument_DoNotReachTheTerminal(params string[] arguments)
    {
        CliRun run = await CliRun.RunAsync(arguments, lab: cloud.Address);
        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains("a�[31mb", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', run.Error);
    }

    [Fact]
    public async Task SocketThatIsNotThere_IsToldByName()
    {
        CliRun run = await CliRun.RunAsync("get hosts --controller unix:/nonexistent/c.sock");
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("there is no socket /nonexistent/c.sock", run.Error, StringComparison.Ordinal);
    }

    /// <summary>https to a port without TLS is not a matter of certificates.</summary>
    [Fact]
    public async Task TlsToAPortWithout_IsToldAsThat()
    {
        using var plain = new TcpListener(IPAddress.Loopback, 0);
        plain.Start();
        Task answer = Task.Run(async () =>
        {
            using TcpClient client = await plain.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
            await client.GetStream().ReadExactlyAsync(new byte[16], TestContext.Current.CancellationToken);
            await client.GetStream().WriteAsync("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
        }, TestContext.Current.CancellationToken);
        CliRun run = await CliRun.RunAsync($"get hosts --controller https://127.0.0.1:{((IPEndPoint)plain.LocalEndpoint).Port}");
        await answer;
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("does not speak TLS", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("not trusted", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Backup_IntoADirectoryThatIsNotThere_SaysSo()
    {
        string directory = Directory.CreateTempSubdirectory("hnv-words-").FullName;
        try
        {
            CliRun run = await CliRun.RunAsync(["controller", "backup", $"{directory}/none/b.tar.gz", "--data", directory, "--config", $"{directory}/c.yaml"]);
            Assert.Equal(1, run.ExitCode);
            Assert.DoesNotContain("Run it as root", run.Error, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task Prune_OfAnEmptySet_SaysThatNothingChanged()
    {
        CliRun run = await CliRun.RunAsync(["apply", "-f", "-", "--set", "none", "--prune"], input: "# empty\n", lab: cloud.Address);
        Assert.Equal(0, run.ExitCode);
        Assert.StartsWith("nothing to change; revision ", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("host host1", "host status host1")]
    [InlineData("host host1 -o json", "host status host1 -o json")]
    [InlineData("host host9", "host status host9")]
    public async Task Host_WithAName_IsItsStatus(string line, string same)
    {
        CliRun run = await CliRun.RunAsync(line, lab: cloud.Address);
        Assert.Equal(await CliRun.RunAsync(same, lab: cloud.Address), run);
        Assert.Contains("host", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("command", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("host recrods host1", "There is no command 'recrods'", "'records'")]
    [InlineData("host host1 --outptu json", "There is no option '--outptu'", "'--output'")]
    public async Task Host_WithAMistypedCommand_NamesTheNearest(string line, string problem, string nearest)
    {
        CliRun run = await CliRun.RunAsync(line, lab: cloud.Address);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(problem, run.Error, StringComparison.Ordinal);
        Assert.Contains(nearest, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Problems_OfAHost_AreToldApart()
    {
        using (var client = new HnvClient(cloud.Address))
        {
            await new PolicyStreamClient(client, "host2").ReportAsync(
                new HostReport(PolicyProtocol.Version, "0.1.0", 1, 1, 1, [], ["The uplink eth1, of 192.168.4.22, is down.", "The clock is wrong."]), TestContext.Current.CancellationToken);
        }

        Assert.Contains("The uplink eth1, of 192.168.4.22, is down; The clock is wrong\n", (await CliRun.RunAsync("get hosts", lab: cloud.Address)).Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("hnv get ports -o ", "json name table wide yaml")]
    [InlineData("hnv delete record ", "")]
    [InlineData("hnv host host", "host1 host2")]
    public async Task Completion_OffersWhatIsTaken(string line, string words)
    {
        CliRun run = await CliRun.RunAsync([$"[suggest:{line.Length}]", line], new Dictionary<string, string> { ["HNV_COMPLETION_TIMEOUT"] = "50" }, lab: cloud.Address);
        Assert.Equal(words, string.Join(' ', run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)));
    }
}
