using System.Net;
using Hnv.Linux.Bpf;
using Hnv.Linux.Netlink;
using Hnv.Linux.Tests.Bpf;

namespace Hnv.Linux.Tests.Netlink;

public sealed class LinkMonitorTests : IDisposable
{
    private readonly TestNamespace _ns = new();
    private readonly CancellationTokenSource _deadline = new(TimeSpan.FromSeconds(20));

    public void Dispose()
    {
        _deadline.Dispose();
        _ns.Dispose();
    }

    /// <summary>Reads until an event fits; fails at the deadline.</summary>
    private async Task<T> Expect<T>(LinkMonitor monitor, Func<T, bool> fits)
        where T : NetworkEvent =>
        (T)await monitor.ReadAllAsync(_deadline.Token).FirstAsync(seen => seen is T wanted && fits(wanted), _deadline.Token);

    [Fact]
    public async Task ReadAllAsync_LifeOfALink_IsSeen()
    {
        using var monitor = _ns.Namespace.Run(() => new LinkMonitor());
        var link = _ns.Route.CreateVeth(new VethSpec("a0", "b0"));
        var created = await Expect<NetworkEvent.LinkChanged>(monitor, e => e.Link.Name == "a0");
        Assert.Equal((link.Index, "veth", false), (created.Link.Index, created.Link.Kind, created.Link.IsUp));

        _ns.Route.SetUp(link.Index);
        await Expect<NetworkEvent.LinkChanged>(monitor, e => e.Link.Index == link.Index && e.Link.IsUp);

        _ns.Route.AddAddress(link.Index, IPAddress.Parse("192.0.2.1"), 24);
        await Expect<NetworkEvent.AddressChanged>(monitor, e => e.Address.Address.Equals(IPAddress.Parse("192.0.2.1")) && !e.Deleted);

        var route = new RouteSpec(IPNetwork.Parse("198.51.100.0/24")) { InterfaceIndex = link.Index };
        _ns.Route.AddRoute(route);
        await Expect<NetworkEvent.RouteChanged>(monitor, e => e.Route.Destination.Equals(route.Destination) && !e.Deleted);
        _ns.Route.DeleteRoute(route);
        await Expect<NetworkEvent.RouteChanged>(monitor, e => e.Route.Destination.Equals(route.Destination) && e.Deleted);

        _ns.Route.DeleteLink(link.Index);
        await Expect<NetworkEvent.LinkDeleted>(monitor, e => e.Index == link.Index && e.Name == "a0");
    }

    [Fact]
    public async Task ReadAllAsync_PortLeavesABridge_IsNoDeletion()
    {
        var bridge = _ns.Route.CreateBridge(new BridgeSpec("br0"));
        var link = _ns.Route.CreateVeth(new VethSpec("a0", "b0"));
        _ns.Route.ChangeLink(link.Index, new LinkChange { Master = bridge.Index });
        using var monitor = _ns.Namespace.Run(() => new LinkMonitor());
        _ns.Route.ChangeLink(link.Index, new LinkChange { Master = 0 });
        _ns.Route.ChangeLink(link.Index, new LinkChange { Mtu = 1234 });
        await foreach (var seen in monitor.ReadAllAsync(_deadline.Token))
        {
            Assert.IsNotType<NetworkEvent.LinkDeleted>(seen);
            if (seen is NetworkEvent.LinkChanged { Link: { Name: "a0", Mtu: 1234 } })
            {
                break;
            }
        }
    }

    [Fact]
    public async Task ReadAllAsync_FilterOrItsQdiscRemoved_IsSeen()
    {
        var link = _ns.Route.CreateVeth(new VethSpec("a0", "b0"));
        using var program = LoadFilter();
        using var monitor = _ns.Namespace.Run(() =>
        {
            TcHook.EnsureQdisc(link.Index);
            var hook = new TcHook(link.Index, TcDirection.Egress);
            hook.Attach(program, 1, 10);
            return new LinkMonitor();
        });
        Assert.True(_ns.Namespace.Run(() => new TcHook(link.Index, TcDirection.Egress).Detach(1, 10)));
        Assert.Contains(new NetworkEvent.FilterLost(link.Index), await LossesUntilMtu(monitor, link.Index, 1300));

        Assert.True(_ns.Namespace.Run(() => TcHook.RemoveQdisc(link.Index)));
        Assert.Contains(new NetworkEvent.FilterLost(link.Index), await LossesUntilMtu(monitor, link.Index, 1301));

        TestCommand.Run(_ns.Namespace, "tc", "qdisc", "add", "dev", "a0", "ingress");
        TestCommand.Run(_ns.Namespace, "tc", "qdisc", "add", "dev", "a0", "root", "pfifo");
        TestCommand.Run(_ns.Namespace, "tc", "qdisc", "del", "dev", "a0", "root");
        Assert.Empty(await LossesUntilMtu(monitor, link.Index, 1302));
        TestCommand.Run(_ns.Namespace, "tc", "qdisc", "del", "dev", "a0", "ingress");
        Assert.Contains(new NetworkEvent.FilterLost(link.Index), await LossesUntilMtu(monitor, link.Index, 1303));
    }

    [Fact]
    public async Task ReadAllAsync_FilterAddedOrReplaced_IsNoLoss()
    {
        var link = _ns.Route.CreateVeth(new VethSpec("a0", "b0"));
        using var first = LoadFilter();
        using var second = LoadFilter();
        using var monitor = _ns.Namespace.Run(() => new LinkMonitor());
        _ns.Namespace.Run(() =>
        {
            TcHook.EnsureQdisc(link.Index);
            TcHook.EnsureQdisc(link.Index);
            var hook = new TcHook(link.Index, TcDirection.Ingress);
            hook.Attach(first, 1, 10);
            hook.Attach(second, 1, 10);
        });
        Assert.Empty(await LossesUntilMtu(monitor, link.Index, 1300));
    }

    private static BpfProgram LoadFilter() =>
        BpfProgram.LoadRaw(BpfProgramType.SchedulerClassifier, "hnv_test", [Instructions.Move(0, 0), Instructions.Exit]);

    /// <summary>The losses told of before a change made now.</summary>
    private async Task<List<NetworkEvent.FilterLost>> LossesUntilMtu(LinkMonitor monitor, int index, int mtu)
    {
        _ns.Route.ChangeLink(index, new LinkChange { Mtu = mtu });
        var lost = new List<NetworkEvent.FilterLost>();
        await foreach (var seen in monitor.ReadAllAsync(_deadline.Token))
        {
            if (seen is NetworkEvent.FilterLost loss)
            {
                lost.Add(loss);
            }
            else if (seen is NetworkEvent.LinkChanged changed && changed.Link.Index == index && changed.Link.Mtu == mtu)
            {
                break;
            }
        }

        return lost;
    }

    [Fact]
    public async Task ReadAllAsync_MoreEventsThanRoom_ReportsTheOverrunAndGoesOn()
    {
        using var monitor = _ns.Namespace.Run(() => new LinkMonitor(receiveBufferSize: 2048));
        var link = _ns.Route.CreateVeth(new VethSpec("a0", "b0"));
        for (var mtu = 1000; mtu < 1100; mtu++)
        {
            _ns.Route.ChangeLink(link.Index, new LinkChange { Mtu = mtu });
        }

        await Expect<NetworkEvent.Overrun>(monitor, _ => true);
        // Whatever is still queued is read first, then new events arrive again.
        var drained = Expect<NetworkEvent.LinkChanged>(monitor, e => e.Link.Name == "after");
        _ns.Route.ChangeLink(link.Index, new LinkChange { Name = "after" });
        await drained;
    }

    [Fact]
    public async Task ReadAllAsync_Cancelled_Ends()
    {
        using var monitor = _ns.Namespace.Run(() => new LinkMonitor());
        using var stop = new CancellationTokenSource();
        var reading = monitor.ReadAllAsync(stop.Token).FirstAsync(_deadline.Token).AsTask();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
    }
}
