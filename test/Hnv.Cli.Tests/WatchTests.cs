using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Hnv.Api.Client;
using Hnv.Api.Stream;
using Hnv.Controller;

namespace Hnv.Cli.Tests;

/// <summary>What <c>--watch</c> shows, beyond a restart of the controller, and how it ends.</summary>
public sealed class WatchTests : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("hnv-watch-").FullName;
    private RunningController? _controller;

    private string Address => $"unix:{_directory}/c.sock";

    public async ValueTask InitializeAsync()
    {
        await StartAsync();
        Assert.Equal(0, (await RunAsync("apply -f -", CloudFixture.Manifest)).ExitCode);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Theory]
    [InlineData("hosts", "host2", "host9")]
    [InlineData("ports", "blue-corp/vm2", "blue-corp/vm9")]
    [InlineData("vmnetworks", "blue-corp/blue", "blue-corp/green")]
    [InlineData("subnets", "6001", "5009")]
    [InlineData("records", "10.0.1.7", "10.0.1.9")]
    [InlineData("routes", "10.0.1.0/24", "10.9.0.0/24")]
    [InlineData("pa", "192.168.4.22", "192.168.4.99")]
    public async Task Watch_BeyondARestart_ShowsWhatCameAndWentMeanwhileAndAfterwards(string kind, string before, string later)
    {
        const string More = """
            kind: Host
            name: host9
            providerAddresses: [192.168.4.99]
            ---
            kind: VmNetwork
            name: green
            tenant: blue-corp
            subnets: [{vsid: 5009, prefixes: [10.9.0.0/24]}]
            ---
            kind: Port
            name: vm9
            tenant: blue-corp
            vmNetwork: blue
            vsid: 5002
            mac: 06:06:00:00:00:09
            addresses: [10.0.1.9]
            """;
        using var watch = new WatchRun(Address, $"get {kind} --watch -o json");
        await watch.UntilAsync(_ => Lines(watch).Any(l => l.Name == before), "what is there is shown");

        Assert.Equal(0, (await RunAsync("apply -f -", More)).ExitCode);
        await watch.UntilAsync(_ => Lines(watch).Any(l => l == ("put", later)), "what comes is shown");
        await StopAsync();
        await watch.UntilErrorAsync(static e => e.Contains("Going on when it is back.", StringComparison.Ordinal), "the loss is told");
        await StartAsync();
        Assert.Equal(0, (await RunAsync("delete -f -", More)).ExitCode);
        await watch.UntilAsync(_ => Lines(watch).Any(l => l == ("delete", later)), "what goes is shown");

        (int exitCode, string error) = await watch.StopAsync();
        Assert.Equal(0, exitCode);
        Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Single(Lines(watch), l => l == ("put", before) || l == ("delete", before));

        (string Type, string Name)[] Lines(WatchRun run) =>
        [
            .. run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static l => JsonElement.Parse(l)).Select(l => (
                l.GetProperty("type").GetString()!, Cli.Kinds.KindTables.Find(kind).Columns.NameOf(l.GetProperty("object")))),
        ];
    }

    [Fact]
    public async Task Watch_OfHosts_ShowsThatOneConnectedAndLeft()
    {
        using var watch = new WatchRun(Address, "get hosts --watch");
        await watch.UntilAsync(static o => o.Contains("host2", StringComparison.Ordinal), "what is there is shown");
        Assert.StartsWith("TIME      CHANGE   NAME   PROVIDER ADDRESSES", watch.Output, StringComparison.Ordinal);

        using (var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken))
        {
            using var client = new HnvClient(Address);
            await using IAsyncEnumerator<PolicyMessage> stream = new PolicyStreamClient(client, "host1").ReadAsync([], stop.Token).GetAsyncEnumerator(stop.Token);
            Assert.True(await stream.MoveNextAsync());
            await watch.UntilAsync(static o => Has(o, "changed", "host1", "yes"), "the host connected");
        }

        await watch.UntilAsync(static o => Has(o, "changed", "host1", "no"), "the host left");
        Assert.Equal((0, ""), await watch.StopAsync());
    }

    [Theory]
    [InlineData("get port blue-corp/vm2 --watch -o name", "blue-corp/vm2")]
    [InlineData("get records --tenant red-corp -w", "10.0.0.5")]
    [InlineData("get events -w", "TIME")]
    public async Task Watch_Interrupted_EndsWithZeroAndNoError(string line, string shown)
    {
        using var watch = new WatchRun(Address, line);
        await watch.UntilAsync(o => o.Contains(shown, StringComparison.Ordinal), "what is there is shown");

        (int exitCode, string error) = await watch.StopAsync();
        Assert.Equal(0, exitCode);
        Assert.DoesNotContain("error", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("get hosts --controller unix:/nonexistent/c.sock --watch")]
    [InlineData("host ports nobody --watch")]
    [InlineData("stats nobody --watch")]
    public async Task Watch_WhatCannotBeShownEvenOnce_Fails(string line)
    {
        CliRun run = await RunAsync(line);
        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("error: ", run.Error, StringComparison.Ordinal);
    }

    /// <summary>Lists come through a proxy, which ends every stream at once.</summary>
    [Fact]
    public async Task Watch_WhoseStreamsEndAtOnce_TellsTheLossOnce()
    {
        using var proxy = new TcpListener(IPAddress.Loopback, 0);
        proxy.Start();
        int streams = 0;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        Task answers = AnswerAsync();
        using (var watch = new WatchRun($"http://{proxy.LocalEndpoint}", "get vmnetworks --watch"))
        {
            await watch.UntilAsync(_ => Volatile.Read(ref streams) > 3, "streams were opened again and again");
            (int exitCode, string error) = await watch.StopAsync();
            Assert.Equal(0, exitCode);
            Assert.Equal("No vmnetworks yet; waiting.\nThe controller ended the watch: it is stopping. Going on when it is back.\n", error);
        }

        await stop.CancelAsync();
        await answers.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);

        async Task AnswerAsync()
        {
            while (true)
            {
                using TcpClient client = await proxy.AcceptTcpClientAsync(stop.Token);
                using var reader = new StreamReader(client.GetStream());
                string request = await reader.ReadLineAsync(stop.Token) ?? string.Empty;
                while (await reader.ReadLineAsync(stop.Token) is { Length: > 0 })
                {
                }

                bool isStream = request.Contains("watch=true", StringComparison.Ordinal);
                string body = isStream ? string.Empty : """{"revision":1,"items":[]}""";
                await client.GetStream().WriteAsync(
                    Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}"), stop.Token);
                if (isStream)
                {
                    Interlocked.Increment(ref streams);
                }
            }
        }
    }

    [Theory]
    [InlineData("-INT")]
    [InlineData("-TERM")]
    public async Task Watch_ProcessThatGetsASignal_EndsWithZero(string signal)
    {
        using Process process = Process.Start(new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "hnv"), ["get", "hosts", "--watch", "-o", "name", "--controller", Address])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        })!;
        Assert.Equal("host1", await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));

        using (Process kill = Process.Start("kill", [signal, process.Id.ToString()]))
        {
            await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        Assert.Equal(string.Empty, await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, process.ExitCode);
    }

    /// <summary><c>| head</c>: nothing changes meanwhile, so nothing is written that would fail.</summary>
    [Theory]
    [InlineData("get hosts --watch")]
    [InlineData("get records --watch")]
    [InlineData("get events --watch")]
    public async Task Watch_WhoseReaderIsGone_EndsWithZero(string line)
    {
        using Process bash = Process.Start(new ProcessStartInfo("bash", ["-c", $"\"$HNV\" {line} --controller {Address} | head -1; echo ${{PIPESTATUS[0]}}"])
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
            Environment = { ["HNV"] = Path.Combine(AppContext.BaseDirectory, "hnv") },
        })!;
        string[] lines = (await bash.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).Split('\n');
        Assert.StartsWith("TIME", lines[0], StringComparison.Ordinal);
        Assert.Equal("0", lines[1]);
    }

    private static bool Has(string output, params string[] words) =>
        output.Split('\n').Any(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries).Intersect(words).Count() == words.Length);

    private Task<CliRun> RunAsync(string line, string input = "") => CliRun.RunAsync(line, input: input, lab: Address);

    private async Task StartAsync() => _controller = await ControllerHost.StartAsync(
        new ControllerOptions { DataDirectory = _directory, Listen = [Address], LogLevel = Microsoft.Extensions.Logging.LogLevel.Error }, TestContext.Current.CancellationToken);

    private async Task StopAsync()
    {
        if (_controller is { } running)
        {
            _controller = null;
            await running.DisposeAsync();
        }
    }
}
