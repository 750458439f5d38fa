using Hnv.Lab.Topology;

namespace Hnv.Lab.Tests.Scenarios;

/// <summary>
/// Two hosts with 1500-byte uplinks and guests at MTU 1500, for tests that only send traffic.
/// <code>
///   blue 5001   b1 (h1)   b2 (h2)   tap1 (h1)   tap2 (h2)   router eth0 (h2)
///   stub 5009   s1 (h1)                                      router eth1 (h2)
///   red  6001   r1 (h1)   r2 (h2)                            with the addresses and MACs of b1 and b2
/// </code>
/// Blue and stub are joined by the router VM alone: customer routes on both sides lead to it.
/// </summary>
public sealed class TrafficLab : IAsyncLifetime
{
    public NetworkLab Lab { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        string[] prefixes = ["10.0.0.0/24", "2001:db8:1::/64"], one = ["10.0.0.5", "2001:db8:1::5"], two = ["10.0.0.7", "2001:db8:1::7"];
        const string mac1 = "06:06:00:00:10:05", mac2 = "06:06:00:00:10:07";
        LabTopology topology = new LabBuilder().Hosts("h1", "h2")
            .Network("blue", [("10.9.0.0/24", "10.0.0.100"), ("2001:db8:9::/64", "2001:db8:1::100")], (5001, prefixes))
            .Network("stub", [("10.0.0.0/24", "10.9.0.100"), ("2001:db8:1::/64", "2001:db8:9::100")], (5009, ["10.9.0.0/24", "2001:db8:9::/64"]))
            .Network("red", (6001, prefixes))
            .Vm("b1", "h1", "blue", 5001, one, mac1).Vm("b2", "h2", "blue", 5001, two, mac2)
            .Vm("r1", "h1", "red", 6001, one, mac1).Vm("r2", "h2", "red", 6001, two, mac2)
            .Vm("tap1", "h1", "blue", 5001, ["10.0.0.21", "2001:db8:1::21"], device: LabDevice.Tap)
            .Vm("tap2", "h2", "blue", 5001, ["10.0.0.22", "2001:db8:1::22"], device: LabDevice.Tap)
            .Port("left", "h2", "blue", 5001, ["10.0.0.100", "2001:db8:1::100"]).Port("right", "h2", "stub", 5009, ["10.9.0.100", "2001:db8:9::100"])
            .Vm("router", "h2", ["blue/left", "stub/right"])
            .Vm("s1", "h1", "stub", 5009, ["10.9.0.5", "2001:db8:9::5"])
            .Build();
        Lab = await NetworkLab.StartAsync(topology, cancellationToken: TestContext.Current.CancellationToken);
        foreach (string what in new[] { "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1" })
        {
            (await Lab.Vm("router").ExecAsync("sysctl", "-qw", what)).EnsureSuccess();
        }
    }

    public ValueTask DisposeAsync() => Lab is null ? default : Lab.DisposeAsync();
}

/// <summary>The classes that share a <see cref="TrafficLab"/>.</summary>
[CollectionDefinition]
public sealed class TrafficCollection : ICollectionFixture<TrafficLab>;
