using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Hnv.Packages.Tests;

/// <summary>
/// Two machines on a provider network, and a VM on each:
/// <code>
///   vm1 10.0.0.11 ── v1 [ A 192.168.77.1 ] up0 ──── up0 [ B 192.168.77.2 ] v2 ── vm2 10.0.0.12
/// </code>
/// The controller is on A.
/// </summary>
internal sealed partial class Cloud : IAsyncDisposable
{
    public const string Policy = """
        kind: Host
        name: host1
        providerAddresses: [192.168.77.1]
        ---
        kind: Host
        name: host2
        providerAddresses: [192.168.77.2]
        ---
        kind: VmNetwork
        name: blue
        subnets: [{vsid: 5001, prefixes: [10.0.0.0/24]}]
        ---
        {kind: Port, name: p1, vmNetwork: blue, vsid: 5001, host: host1, interface: v1, mac: "02:00:00:00:00:01", addresses: [10.0.0.11]}
        ---
        {kind: Port, name: p2, vmNetwork: blue, vsid: 5001, host: host2, interface: v2, mac: "02:00:00:00:00:02", addresses: [10.0.0.12]}
        """;

    /// <summary>Everything that an agent makes on host2 beside filters: the normaliser of taps, the receiver of VXLAN, a multicast group, provider routes.</summary>
    public const string More = """
        kind: Host
        name: host2
        providerAddresses: [192.168.77.2]
        providerRoutes: [{prefix: 10.99.0.0/16, nextHop: 192.168.77.1}]
        ---
        kind: VmNetwork
        name: green
        encapsulation: vxlan
        subnets: [{vsid: 7001, prefixes: [10.0.7.0/24], learning: dynamic, flooding: multicast, multicastGroup: 239.7.0.1}]
        ---
        {kind: Port, name: p3, vmNetwork: green, vsid: 7001, host: host2, interface: t2, mac: "02:00:00:00:00:03"}
        """;

    private readonly List<string> _namespaces = [];

    private Cloud(Machine a, Machine b) => (A, B) = (a, b);

    public Machine A { get; }

    public Machine B { get; }

    public static async Task<Cloud> StartAsync()
    {
        Machine a = await Machine.StartAsync("a");
        Machine b;
        try
        {
            b = await Machine.StartAsync("b");
        }
        catch
        {
            await a.DisposeAsync();
            throw;
        }

        var cloud = new Cloud(a, b);
        try
        {
            await cloud.ConnectAsync();
            return cloud;
        }
        catch
        {
            await cloud.DisposeAsync();
            throw;
        }
    }

    /// <summary>Pings from vm1 to vm2 a hundred times a second while something is done, and fails when one answer is missing.</summary>
    public async Task WithoutLossAsync(Func<Task> work)
    {
        using Process ping = Shell.Start("ip", "netns", "exec", _namespaces[0], "ping", "-n", "-i", "0.01", "10.0.0.12");
        Task<string> output = ping.StandardOutput.ReadToEndAsync();
        try
        {
            await work();
        }
        finally
        {
            await Shell.RunAsync("kill", "-INT", ping.Id.ToString(CultureInfo.InvariantCulture));
            await ping.WaitForExitAsync(CancellationToken.None);
        }

        int[] answered = [.. Sequence().Matches(await output).Select(static m => int.Parse(m.Groups["n"].Value, CultureInfo.InvariantCulture))];
        Assert.True(answered.Length > 50, $"{answered.Length} answers came");
        Assert.Equal(Enumerable.Range(1, answered[^1]), answered);
    }

    public async Task ReachesAsync() => await Shell.UntilAsync("vm1 reaches vm2", async () =>
    {
        (int exitCode, string said, _) = await Shell.TryAsync("ip", "netns", "exec", _namespaces[0], "ping", "-n", "-c", "1", "-W", "1", "10.0.0.12");
        return (exitCode == 0, $"{said}\n{await A.LogsAsync()}\n{await B.LogsAsync()}");
    });

    public async ValueTask DisposeAsync()
    {
        await A.DisposeAsync();
        await B.DisposeAsync();
        foreach (string name in _namespaces)
        {
            await Shell.TryAsync("ip", "netns", "delete", name);
        }
    }

    private async Task ConnectAsync()
    {
        await Shell.RunAsync("ip", "link", "add", "up0", "netns", $"{A.Init}", "type", "veth", "peer", "name", "up0", "netns", $"{B.Init}");
        foreach ((Machine machine, int n) in new[] { (A, 1), (B, 2) })
        {
            string vm = $"hnv-packages-{Environment.ProcessId}-vm{n}";
            await Shell.RunAsync("ip", "netns", "add", vm);
            _namespaces.Add(vm);
            await Shell.RunAsync("ip", "link", "add", $"v{n}", "netns", $"{machine.Init}", "type", "veth", "peer", "name", "eth0", "netns", vm);
            await machine.RunAsync($"ip link set lo up; ip address add 192.168.77.{n}/24 dev up0; ip link set up0 up; ip link set v{n} up");
            await Shell.RunAsync("ip", "-n", vm, "link", "set", "eth0", "address", $"02:00:00:00:00:0{n}", "up");
            await Shell.RunAsync("ip", "-n", vm, "address", "add", $"10.0.0.1{n}/24", "dev", "eth0");
        }

        // A machine has no /dev/net/tun.
        await Shell.RunAsync("nsenter", "-t", $"{B.Init}", "-n", "ip", "tuntap", "add", "t2", "mode", "tap");
        await B.RunAsync("ip link set t2 up");
    }

    [GeneratedRegex(@"icmp_seq=(?<n>\d+) ttl", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Sequence();
}
