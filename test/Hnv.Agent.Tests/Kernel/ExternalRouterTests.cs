using System.Diagnostics;
using System.Net;
using System.Net.NetworkInformation;
using Hnv.Agent.Sync;
using Hnv.Agent.Tests.Fakes;
using Hnv.Api.Stream;
using Hnv.Datapath;
using Hnv.Linux.Namespaces;
using Hnv.Linux.Netlink;
using static Hnv.Agent.Tests.Fakes.Items;

namespace Hnv.Agent.Tests.Kernel;

/// <summary>
/// What <c>UseExternalRouter</c> means on Hyper-V, as two VM networks here: a router VM with an adapter in each subnet is the only way between
/// them, over the distributed gateways, in both directions. Needs root.
/// </summary>
public sealed class ExternalRouterTests : IDisposable
{
    private readonly KernelHost _host = new();

    public void Dispose() => _host.Dispose();

    [Fact]
    public async Task Subnets_AsNetworksOfTheirOwn_MeetInTheRouterVmAndNowhereElse()
    {
        using NetworkNamespace a = _host.AddVm("v-a", "10.0.0.5", "06:06:00:00:00:05"), b = _host.AddVm("v-b", "10.0.1.5", "06:06:00:00:00:15");
        using NetworkNamespace router = _host.AddVm("v-r1", "10.0.0.254", "06:06:00:00:00:fe");
        _host.Route.CreateVeth(new VethSpec("v-r2", "eth1") { PeerNamespace = router, PeerMac = PhysicalAddress.Parse("060600000FFE") });
        using (Rtnetlink inside = Rtnetlink.Of(router))
        {
            int eth1 = inside.GetLink("eth1").Index;
            inside.AddAddress(eth1, IPAddress.Parse("10.0.1.254"), 24);
            inside.SetUp(eth1);
            router.Run(() => Sysctl.Write("net/ipv4/ip_forward", 1));
        }

        Default(a, "10.0.0.1");
        Default(b, "10.0.1.1");
        _host.Policy(
            10, Subnet(), Route(), Route("10.0.1.0/24", hop: "10.0.0.254"), Port("blue/a", "v-a"), Port("blue/r1", "v-r1", "06:06:00:00:00:fe", number: 8),
            Record("10.0.0.5", pa: "192.168.4.11", port: "blue/a"), Record("10.0.0.254", pa: "192.168.4.11", port: "blue/r1", mac: "06:06:00:00:00:fe"));
        PolicyItem[] other =
        [
            Subnet(5002, "10.0.1.0/24", "10.0.1.1"), Route("10.0.1.0/24", 5002), Route("10.0.0.0/24", 5002, "10.0.1.254"),
            Port("blue/b", "v-b", "06:06:00:00:00:15", 5002, 9), Port("blue/r2", "v-r2", "06:06:00:00:0f:fe", 5002, 10),
            Record("10.0.1.5", pa: "192.168.4.11", port: "blue/b", mac: "06:06:00:00:00:15", vsid: 5002),
            Record("10.0.1.254", pa: "192.168.4.11", port: "blue/r2", mac: "06:06:00:00:0f:fe", vsid: 5002),
        ];
        _host.Core.OnUpdate(new NetworkChanged(Policy(Red, 10, other), [.. other.Select(static i => new ItemChange(null, i))]));
        await _host.UntilAsync(() => _host.Core.State.Ports.Length == 4 && _host.Core.State.Ports.All(static p => p.State == "bound"), "all four are bound");

        Assert.True(Pings(a, "10.0.1.5"), Drops());
        Assert.True(Pings(b, "10.0.0.5"), Drops());

        router.Run(() => Sysctl.Write("net/ipv4/ip_forward", 0));
        Assert.False(Pings(a, "10.0.1.5"));
    }

    private static void Default(NetworkNamespace vm, string gateway)
    {
        using Rtnetlink inside = Rtnetlink.Of(vm);
        inside.AddRoute(new RouteSpec(IPNetwork.Parse("0.0.0.0/0")) { Gateway = IPAddress.Parse(gateway) });
    }

    private static bool Pings(NetworkNamespace vm, string address)
    {
        using Process ping = vm.Start(new ProcessStartInfo("ping", ["-n", "-q", "-c", "2", "-W", "2", address]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true });
        ping.WaitForExit();
        return ping.ExitCode == 0;
    }

    private string Drops() => string.Join(", ", _host.Dataplane.ReadCounters().Where(static c => c.Verdict.IsDrop()).Select(static c => $"{c.PortId} {c.Verdict} {c.Packets}"));
}
