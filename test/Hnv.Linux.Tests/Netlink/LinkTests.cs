using System.Net;
using System.Net.NetworkInformation;
using Hnv.Linux.Netlink;

namespace Hnv.Linux.Tests.Netlink;

public sealed class LinkTests : IDisposable
{
    private static readonly PhysicalAddress Mac1 = PhysicalAddress.Parse("02-00-00-00-00-01");
    private static readonly PhysicalAddress Mac2 = PhysicalAddress.Parse("02-00-00-00-00-02");
    private readonly TestNamespace _ns = new();

    private Rtnetlink Route => _ns.Route;

    public void Dispose() => _ns.Dispose();

    /// <summary>A kernel with 8021q says so of <c>eth1.100</c>; this machine's need not have it.</summary>
    [Fact]
    public void Read_VlanDevice_KnowsItsVlan()
    {
        var message = new NetlinkRequest(RouteMessage.NewLink, default).Header(new LinkHeader { Index = 7 }).Put(LinkAttribute.Name, "eth1.100");
        int info = message.Begin(LinkAttribute.LinkInfo);
        message.Put(LinkAttribute.InfoKind, "vlan");
        int data = message.Begin(LinkAttribute.InfoData);
        message.Put(LinkAttribute.VlanId, (ushort)100).End(data);
        message.End(info);

        LinkInfo link = LinkInfo.Read(new NetlinkReply(RouteMessage.NewLink, message.Finish(1)[NetlinkRequest.HeaderSize..].ToArray()));

        Assert.Equal(("vlan", 100), (link.Kind, link.Vlan));
    }

    [Fact]
    public void GetLinks_NewNamespace_HasLoopbackUp()
    {
        var loopback = Route.GetLinks().Single(link => link.Name == "lo");
        Assert.Equal(1, loopback.Index);
        Assert.True(loopback.IsUp);
        Assert.Equal(65536, loopback.Mtu);
        Assert.Equal("", loopback.Kind);
        Assert.True(loopback.Flags.HasFlag(LinkFlags.Loopback));
    }

    [Fact]
    public void FindLink_Missing_IsNull()
    {
        Assert.Null(Route.FindLink("nothere"));
        Assert.Null(Route.FindLink(4711));
        Assert.Equal(Errno.ENODEV, Assert.Throws<NetlinkException>(() => Route.GetLink("nothere")).Errno);
    }

    [Fact]
    public void CreateVeth_SameNamespace_BothEndsAsAsked()
    {
        var a = Route.CreateVeth(new VethSpec("a0", "b0") { Mac = Mac1, PeerMac = Mac2, Mtu = 1400, Queues = 2 });
        var b = Route.GetLink("b0");
        Assert.Equal(new LinkInfo(a.Index, "a0", Mac1, 1400, a.Flags, "veth", null, b.Index, null), a);
        Assert.Equal((Mac2, 1400, a.Index), (b.Mac!, b.Mtu, b.Peer!.Value));
        Assert.False(a.IsUp);
        Assert.Equal(2, CountQueues("a0"));
    }

    [Fact]
    public void CreateVeth_PeerElsewhere_PeerIsThere()
    {
        using var other = new TestNamespace();
        var a = Route.CreateVeth(new VethSpec("a0", "eth0") { PeerNamespace = other.Namespace, PeerMac = Mac2 });
        Assert.Null(Route.FindLink("eth0"));
        var peer = other.Route.GetLink("eth0");
        Assert.Equal(Mac2, peer.Mac);
        Assert.Equal(peer.Index, a.Peer);
        Assert.NotNull(a.PeerNamespaceId);
    }

    [Fact]
    public void CreateVeth_NameTaken_ThrowsWithErrnoName()
    {
        Route.CreateVeth(new VethSpec("a0", "b0"));
        var e = Assert.Throws<NetlinkException>(() => Route.CreateVeth(new VethSpec("a0", "c0")));
        Assert.Equal(Errno.EEXIST, e.Errno);
        Assert.Contains("create veth a0 with peer c0: EEXIST", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ChangeLink_ImpossibleMtu_CarriesTheExtendedAck()
    {
        var link = Route.CreateVeth(new VethSpec("a0", "b0"));
        var e = Assert.Throws<NetlinkException>(() => Route.ChangeLink(link.Index, new LinkChange { Mtu = 10 }));
        Assert.Equal(Errno.EINVAL, e.Errno);
        Assert.Contains("mtu", e.ExtendedAck, StringComparison.OrdinalIgnoreCase);
        Assert.Contains(e.ExtendedAck, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ChangeLink_Everything_IsApplied()
    {
        var a = Route.CreateVeth(new VethSpec("a0", "b0"));
        Route.ChangeLink(a.Index, new LinkChange { Name = "uplink", Mac = Mac1, Mtu = 1300, Up = true });
        var changed = Route.FindLink(a.Index)!;
        Assert.Equal(("uplink", Mac1, 1300, true, false), (changed.Name, changed.Mac!, changed.Mtu, changed.IsUp, changed.IsRunning));
        Assert.False(Route.WaitUntilRunning(a.Index, TimeSpan.FromMilliseconds(5)));
        Route.SetUp(a.Peer!.Value);
        Assert.True(Route.WaitUntilRunning(a.Index, TimeSpan.FromSeconds(10)));
        Assert.True(Route.FindLink(a.Index)!.IsRunning);
        Route.SetDown(a.Index);
        Assert.False(Route.FindLink(a.Index)!.IsUp);
    }

    [Fact]
    public void ChangeLink_Master_JoinsAndLeavesTheBridge()
    {
        var bridge = Route.CreateBridge(new BridgeSpec("br0") { Mac = Mac1, Mtu = 1450, MulticastSnooping = false });
        Assert.Equal(("bridge", Mac1, 1450), (bridge.Kind, bridge.Mac!, bridge.Mtu));
        var a = Route.CreateVeth(new VethSpec("a0", "b0"));
        Route.ChangeLink(a.Index, new LinkChange { Master = bridge.Index });
        Assert.Equal(bridge.Index, Route.FindLink(a.Index)!.Master);
        Assert.Contains(Route.GetForwardingEntries(), entry => entry.InterfaceIndex == a.Index && entry.Bridge == bridge.Index);
        Route.ChangeLink(a.Index, new LinkChange { Master = 0 });
        Assert.Null(Route.FindLink(a.Index)!.Master);
    }

    [Fact]
    public void ChangeLink_Namespace_Moves()
    {
        using var other = new TestNamespace();
        var a = Route.CreateVeth(new VethSpec("a0", "b0"));
        Route.ChangeLink(a.Index, new LinkChange { Namespace = other.Namespace });
        Assert.Null(Route.FindLink("a0"));
        Assert.NotNull(other.Route.FindLink("a0"));
    }

    [Fact]
    public void DeleteLink_Veth_TakesBothEnds()
    {
        var a = Route.CreateVeth(new VethSpec("a0", "b0"));
        Assert.True(Route.DeleteLink(a.Index));
        Assert.False(Route.DeleteLink(a.Index));
        Assert.Equal(Errno.ENODEV, Assert.Throws<NetlinkException>(() => Route.WaitUntilRunning(a.Index, TimeSpan.Zero)).Errno);
        Assert.Null(Route.FindLink("b0"));
    }

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.2")]
    [InlineData("2001:db8::1", "2001:db8::2")]
    public void CreateVxlan_WithRemotes_ForwardingDatabaseHasThem(string local, string remote)
    {
        var vxlan = Route.CreateVxlan(new VxlanSpec("vx0", 5001) { Local = IPAddress.Parse(local), Learning = false, Mtu = 1400, Mac = Mac1 });
        Assert.Equal(("vxlan", 1400, Mac1), (vxlan.Kind, vxlan.Mtu, vxlan.Mac!));
        var all = PhysicalAddress.Parse("00-00-00-00-00-00");
        Route.AppendForwardingEntry(vxlan.Index, all, IPAddress.Parse(remote));
        Route.AppendForwardingEntry(vxlan.Index, Mac2, IPAddress.Parse(remote));
        var entries = Route.GetForwardingEntries().Where(entry => entry.InterfaceIndex == vxlan.Index).ToList();
        Assert.Equal([all.ToString(), Mac2.ToString()], entries.Select(entry => entry.Mac!.ToString()).Order(StringComparer.Ordinal));
        Assert.All(entries, entry => Assert.Equal(IPAddress.Parse(remote), entry.Remote));
    }

    /// <summary>What iproute2 makes of the details that <see cref="LinkInfo"/> does not carry.</summary>
    [Fact]
    public void CreateVxlan_Details_AreWhatIproute2Shows()
    {
        Route.CreateVxlan(new VxlanSpec("vx0", 77) { Local = IPAddress.Parse("192.0.2.1"), Remote = IPAddress.Parse("192.0.2.9"), DestinationPort = 4790, Learning = false });
        var shown = TestCommand.Run(_ns.Namespace, "ip", "-d", "link", "show", "vx0");
        Assert.Contains("vxlan id 77 remote 192.0.2.9 local 192.0.2.1", shown, StringComparison.Ordinal);
        Assert.Contains("dstport 4790 nolearning", shown, StringComparison.Ordinal);
    }

    private int CountQueues(string name)
    {
        var shown = TestCommand.Run(_ns.Namespace, "ip", "-d", "link", "show", name);
        return int.Parse(shown.Split("numtxqueues ")[1].Split(' ')[0]);
    }
}
