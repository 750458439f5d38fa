using System.Net;
using Hnv.Api.Client;
using Hnv.Api.Rest;
using Hnv.Lab.Machine;
using Hnv.Lab.Tests.Scenarios.Support;

namespace Hnv.Lab.Tests.Scenarios;

/// <summary>
/// <c>useExternalRouter</c>: a router VM with an adapter in each subnet is the only way between them, in both directions, and no longer when the
/// network says so no more.
/// <code>
///   blue 5001   b (h1)   router eth0 (h2)
///        5002   d (h2)   router eth1 (h2)
/// </code>
/// </summary>
public sealed class ExternalRouterTests : IAsyncLifetime
{
    private NetworkLab _lab = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _lab = await NetworkLab.StartAsync(
            new LabBuilder().Hosts("h1", "h2").Network("blue", (5001, ["10.0.0.0/24", "2001:db8:1::/64"]), (5002, ["10.0.1.0/24", "2001:db8:2::/64"]))
                .Port("left", "h2", "blue", 5001, ["10.0.0.100", "2001:db8:1::100"]).Port("right", "h2", "blue", 5002, ["10.0.1.100", "2001:db8:2::100"])
                .Vm("router", "h2", ["blue/left", "blue/right"])
                .Vm("b", "h1", "blue", 5001, ["10.0.0.5", "2001:db8:1::5"]).Vm("d", "h2", "blue", 5002, ["10.0.1.5", "2001:db8:2::5"]).Build(),
            cancellationToken: Ct);
        await ForwardAsync(true);
    }

    public ValueTask DisposeAsync() => _lab is null ? default : _lab.DisposeAsync();

    [Fact]
    public async Task Subnets_MeetInTheRouterVmAndNowhereElse()
    {
        await AssertAsync(remainingHops: 63);

        await _lab.ApplyAndRealiseAsync("""
            kind: VmNetwork
            name: blue
            tenant: blue
            useExternalRouter: true
            subnets:
            - {vsid: 5001, prefixes: [10.0.0.0/24, "2001:db8:1::/64"]}
            - {vsid: 5002, prefixes: [10.0.1.0/24, "2001:db8:2::/64"]}
            routes:
            - {prefix: 10.0.1.0/24, nextHop: 10.0.0.100}
            - {prefix: 10.0.0.0/24, nextHop: 10.0.1.100}
            - {prefix: "::/0", nextHop: "2001:db8:1::100"}
            - {prefix: "::/0", nextHop: "2001:db8:2::100"}
            """);
        await AssertAsync(remainingHops: 62);
        NextHopAnswer answer = await _lab.Client.NextHopAsync(5001, _lab.Vm("d").Address4, from: _lab.Vm("b").Address4, cancellationToken: Ct);
        Assert.Equal(("10.0.0.100", 5001u), (answer.NextHop!.ToString(), answer.Vsid));

        await ForwardAsync(false);
        Assert.False(await _lab.Vm("b").CanPingAsync(_lab.Vm("d").Address4));
        Assert.False(await _lab.Vm("d").CanPingAsync(_lab.Vm("b").Address6));

        await _lab.ApplyAndRealiseAsync("""
            kind: VmNetwork
            name: blue
            tenant: blue
            subnets:
            - {vsid: 5001, prefixes: [10.0.0.0/24, "2001:db8:1::/64"]}
            - {vsid: 5002, prefixes: [10.0.1.0/24, "2001:db8:2::/64"]}
            """);
        await AssertAsync(remainingHops: 63);
    }

    private async Task AssertAsync(int remainingHops)
    {
        foreach ((string from, IPAddress to) in new[] { ("b", _lab.Vm("d").Address4), ("d", _lab.Vm("b").Address4), ("b", _lab.Vm("d").Address6), ("d", _lab.Vm("b").Address6) })
        {
            Assert.True(await _lab.Vm(from).CanPingAsync(to, tries: 10), $"{from} reaches {to}");
            CommandResult answer = await _lab.Vm(from).ExecAsync("ping", "-n", "-c", "1", "-W", "5", to.ToString());
            Assert.Contains($"ttl={remainingHops} ", answer.Output, StringComparison.Ordinal);
        }
    }

    private async Task ForwardAsync(bool on)
    {
        foreach (string what in new[] { "net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding" })
        {
            (await _lab.Vm("router").ExecAsync("sysctl", "-qw", $"{what}={(on ? 1 : 0)}")).EnsureSuccess();
        }
    }
}
