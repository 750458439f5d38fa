using System.Net;
using Hnv.Api.Client;
using Hnv.Api.Reports;
using Hnv.Api.Rest;
using Hnv.Api.Stream;
using Hnv.Controller;
using Hnv.Model.Addressing;

namespace Hnv.Cli.Tests;

/// <summary>A controller in memory with a subnet that learns, and what two hosts, which do not exist, say of it.</summary>
public sealed class LearnedCloud : IAsyncDisposable
{
    private const string Manifest = """
        kind: VmNetwork
        name: shop
        tenant: green-corp
        routingDomainId: "{11111111-2222-3333-4444-000000007001}"
        subnets:
        - {vsid: 7001, prefixes: [10.0.0.0/24], learning: dynamic}
        ---
        kind: Host
        name: host1
        providerAddresses: [192.168.4.11]
        ---
        kind: Host
        name: host2
        providerAddresses: [192.168.4.22]
        ---
        kind: Port
        name: web
        tenant: green-corp
        vmNetwork: shop
        vsid: 7001
        host: host1
        interface: v-web
        mac: 02:00:00:00:71:05
        ---
        kind: Port
        name: db
        tenant: green-corp
        vmNetwork: shop
        vsid: 7001
        host: host2
        interface: v-db
        mac: 02:00:00:00:71:06
        """;

    private static readonly Guid s_network = new("11111111-2222-3333-4444-000000007001");

    private readonly string _directory = Directory.CreateTempSubdirectory("hnv-cli-").FullName;
    private RunningController? _controller;
    private long _run;

    private LearnedCloud()
    {
    }

    public string Address => $"unix:{_directory}/c.sock";

    public static async Task<LearnedCloud> StartAsync()
    {
        var cloud = new LearnedCloud();
        await cloud.RestartAsync();
        return cloud;
    }

    /// <summary>Another controller that knows nothing, at the same address; hosts tell it what there is.</summary>
    public async Task RestartAsync()
    {
        await StopAsync();
        _controller = await ControllerHost.StartAsync(
            new ControllerOptions { DataDirectory = _directory, Store = "memory", Listen = [Address] }, TestContext.Current.CancellationToken);
        Assert.Equal(0, (await RunAsync("apply -f -", Manifest)).ExitCode);
    }

    public async Task StopAsync()
    {
        if (_controller is { } running)
        {
            _controller = null;
            await running.DisposeAsync();
        }
    }

    /// <summary>A port's VM has addresses, and things happened.</summary>
    public async Task LearnAsync(int host, string[] addresses, params HostRecordEvent[] events)
    {
        using var client = new HnvClient(Address);
        MacAddress mac = MacAddress.Parse(host == 1 ? "02:00:00:00:71:05" : "02:00:00:00:71:06");
        LearnedAnswer answer = await new PolicyStreamClient(client, $"host{host}").LearnedAsync(
            new LearnedReport(
                PolicyProtocol.Version, ++_run, 1, true,
                [new LearnedBatch(s_network, [.. addresses.Select(a => new LearnedClaim(7001, IPAddress.Parse(a), mac, Port(host), AddressSource.Arp, At(0), 0, 1))], [], LearnedSection.Complete)], [.. events]),
            TestContext.Current.CancellationToken);
        Assert.Empty(answer.Refused);
    }

    public static HostRecordEvent Event(RecordEventKind kind, int host, string address, int second, string? note = null) =>
        new(At(second), kind, 7001, IPAddress.Parse(address), MacAddress.Parse(host == 1 ? "02:00:00:00:71:05" : "02:00:00:00:71:06"), Port(host), AddressSource.Arp, note);

    /// <summary>Runs a command against this controller.</summary>
    public Task<CliRun> RunAsync(string line, string input = "") => CliRun.RunAsync(line, input: input, lab: Address);

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private static string Port(int host) => host == 1 ? "green-corp/web" : "green-corp/db";

    private static DateTimeOffset At(int second) => new(2026, 1, 2, 3, 4, second, TimeSpan.Zero);
}
