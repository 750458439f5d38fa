using Hnv.Controller;

namespace Hnv.Cli.Tests;

/// <summary>A controller in memory with a small cloud, which the command line itself put there. Its hosts do not exist.</summary>
public sealed class CloudFixture : IAsyncLifetime
{
    public const string Manifest = """
        kind: VmNetwork
        name: blue
        tenant: blue-corp
        routingDomainId: "{11111111-2222-3333-4444-000000005001}"
        subnets:
        - {vsid: 5001, name: web, prefixes: [10.0.0.0/24, "2001:db8:1::/64"]}
        - {vsid: 5002, prefixes: [10.0.1.0/24]}
        routes:
        - {prefix: 0.0.0.0/0, nextHop: 10.0.1.250, metric: 10}
        ---
        kind: VmNetwork
        name: red
        tenant: red-corp
        routingDomainId: "{11111111-2222-3333-4444-000000006001}"
        subnets:
        - {vsid: 6001, prefixes: [10.0.0.0/24]}
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
        name: vm1
        tenant: blue-corp
        vmNetwork: blue
        vsid: 5001
        host: host1
        interface: v-blue1
        mac: 06:06:00:00:00:05
        addresses: [10.0.0.5, "2001:db8:1::5"]
        ---
        kind: Port
        name: vm1
        tenant: red-corp
        vmNetwork: red
        vsid: 6001
        host: host1
        interface: v-red1
        mac: 06:06:00:00:00:05
        addresses: [10.0.0.5]
        ---
        kind: Port
        name: vm2
        tenant: blue-corp
        vmNetwork: blue
        vsid: 5002
        host: host2
        interface: v-blue2
        mac: 06:06:00:00:00:07
        addresses: [10.0.1.7]
        """;

    private readonly string _directory = Directory.CreateTempSubdirectory("hnv-cli-").FullName;
    private RunningController _controller = null!;

    public string Address => $"unix:{_directory}/c.sock";

    public async ValueTask InitializeAsync()
    {
        _controller = await ControllerHost.StartAsync(
            new ControllerOptions { DataDirectory = _directory, Store = "memory", Listen = [Address] }, TestContext.Current.CancellationToken);
        CliRun applied = await RunAsync("apply -f - --set cloud", Manifest);
        Assert.Equal(0, applied.ExitCode);
    }

    public async ValueTask DisposeAsync()
    {
        await _controller.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>Runs a command against this controller.</summary>
    public Task<CliRun> RunAsync(string line, string input = "") => CliRun.RunAsync(line, input: input, lab: Address);
}
