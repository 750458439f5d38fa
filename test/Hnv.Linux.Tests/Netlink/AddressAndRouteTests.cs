using System.Net;
using System.Net.NetworkInformation;
using Hnv.Linux.Netlink;

namespace Hnv.Linux.Tests.Netlink;

public sealed class AddressAndRouteTests : IDisposable
{
    private static readonly PhysicalAddress Mac = PhysicalAddress.Parse("02-00-00-00-00-09");
    private readonly TestNamespace _ns;
    private LinkInfo _up = null!;

    public AddressAndRouteTests() => _ns = new TestNamespace(ns =>
    {
        _up = ns.Route.CreateVeth(new VethSpec("up0", "peer0"));
        ns.Route.SetUp(_up.Index);
        ns.Route.SetUp(_up.Peer!.Value);
        Assert.True(ns.Route.WaitUntilRunning(_up.Index, TimeSpan.FromSeconds(10)));
        ns.Route.AddAddress(_up.Index, IPAddress.Parse("192.0.2.1"), 24);
        ns.Route.AddAddress(_up.Index, IPAddress.Parse("2001:db8::1"), 64, AddressFlags.NoDuplicateDetection);
    });

    private Rtnetlink Route => _ns.Route;

    public void Dispose() => _ns.Dispose();

    [Theory]
    [InlineData("192.0.2.1", 24)]
    [InlineData("2001:db8::1", 64)]
    public void AddAddress_ThenDelete_ComesAndGoes(string text, int prefixLength)
    {
        var address = IPAddress.Parse(text);
        var found = Route.GetAddresses(_up.Index).Single(a => a.Address.Equals(address));
        Assert.Equal((prefixLength, _up.Index), (found.PrefixLength, found.InterfaceIndex));
        Assert.False(found.Flags.HasFlag(AddressFlags.Tentative));
        Assert.Equal(Errno.EEXIST, Assert.Throws<NetlinkException>(() => Route.AddAddress(_up.Index, address, prefixLength)).Errno);
        Assert.True(Route.DeleteAddress(_up.Index, address, prefixLength));
        Assert.False(Route.DeleteAddress(_up.Index, address, prefixLength));
        Assert.DoesNotContain(Route.GetAddresses(), a => a.Address.Equals(address));
    }

    [Fact]
    public void AddGroup_ThenDelete_JoinsAndLeaves()
    {
        var group = IPAddress.Parse("239.1.1.1");
        Route.AddGroup(_up.Index, group, 0x48);
        AddressInfo found = Route.GetAddresses(_up.Index).Single(a => a.Address.Equals(group));

        Assert.Equal((32, (byte)0x48), (found.PrefixLength, found.Protocol));
        Assert.True(found.Flags.HasFlag(AddressFlags.AutoJoin));
        Assert.Contains("010101EF", Memberships(), StringComparison.Ordinal); // /proc/net/igmp: in network byte order, read as a number.
        Assert.Equal(Errno.EEXIST, Assert.Throws<NetlinkException>(() => Route.AddGroup(_up.Index, group, 0x48)).Errno);

        Assert.True(Route.DeleteAddress(_up.Index, group, 32));
        Assert.DoesNotContain("010101EF", Memberships(), StringComparison.Ordinal);
    }

    /// <summary>Of the calling thread's namespace: /proc/net is that of the process's first thread.</summary>
    private string Memberships() => _ns.Namespace.Run(() => File.ReadAllText("/proc/thread-self/net/igmp"));

    [Theory]
    [InlineData("198.51.100.0/24", "198.51.100.7", "192.0.2.254", "192.0.2.1")]
    [InlineData("2001:db8:99::/48", "2001:db8:99::7", "2001:db8::fe", "2001:db8::1")]
    public void AddRoute_ViaGateway_LookupUsesIt(string prefix, string destination, string gateway, string source)
    {
        var route = new RouteSpec(IPNetwork.Parse(prefix)) { Gateway = IPAddress.Parse(gateway), Mtu = 1420, Metric = 50, Protocol = 99 };
        Route.AddRoute(route);
        var answer = Route.GetRoute(IPAddress.Parse(destination));
        Assert.Equal(
            (_up.Index, IPAddress.Parse(gateway), IPAddress.Parse(source), 1420, RouteType.Unicast),
            (answer.InterfaceIndex, answer.Gateway!, answer.PreferredSource!, answer.Mtu!.Value, answer.Type));
        Assert.Equal(IPAddress.Parse(destination), answer.Destination.BaseAddress);
        var listed = Route.GetRoutes().Single(r => r.Destination.Equals(route.Destination));
        Assert.Equal((50, 254, (byte)99, 1420), (listed.Metric, listed.Table, listed.Protocol, listed.Mtu!.Value));
        Route.ReplaceRoute(route with { Mtu = 1300 });
        Assert.Equal(1300, Route.GetRoute(IPAddress.Parse(destination)).Mtu);
        Assert.True(Route.DeleteRoute(route));
        Assert.False(Route.DeleteRoute(route));
        Assert.Contains(
            Assert.Throws<NetlinkException>(() => Route.GetRoute(IPAddress.Parse(destination))).Errno, new[] { Errno.ENETUNREACH, Errno.EHOSTUNREACH });
    }

    [Theory]
    [InlineData("203.0.113.0/24", "203.0.113.9")]
    [InlineData("2001:db8:5::/48", "2001:db8:5::9")]
    public void AddRoute_OnLink_LookupHasNoGateway(string prefix, string destination)
    {
        Route.AddRoute(new RouteSpec(IPNetwork.Parse(prefix)) { InterfaceIndex = _up.Index });
        var answer = Route.GetRoute(IPAddress.Parse(destination));
        Assert.Equal(_up.Index, answer.InterfaceIndex);
        Assert.Null(answer.Gateway);
        Assert.Null(answer.Mtu);
    }

    [Fact]
    public void AddRoute_DecapsulateTo_IsSegmentRoutingsEndDx2()
    {
        Route.AddRoute(new RouteSpec(IPNetwork.Parse("fd48:4e56::1/128")) { InterfaceIndex = _up.Index, DecapsulateTo = _up.Index });
        Assert.Contains(
            $"encap seg6local action End.DX2 oif {_up.Name}",
            TestCommand.Run(_ns.Namespace, "ip", "-6", "route", "show", "fd48:4e56::1"),
            StringComparison.Ordinal);
    }

    [Fact]
    public void AddRoute_GatewayNotOnLink_CarriesTheExtendedAck()
    {
        var e = Assert.Throws<NetlinkException>(() =>
            Route.AddRoute(new RouteSpec(IPNetwork.Parse("198.51.100.0/24")) { Gateway = IPAddress.Parse("203.0.113.1") }));
        Assert.Equal(Errno.ENETUNREACH, e.Errno);
        Assert.Contains("gateway", e.ExtendedAck, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void GetRoute_OwnAddress_IsLocal() => Assert.Equal(RouteType.Local, Route.GetRoute(IPAddress.Parse("192.0.2.1")).Type);

    /// <summary>Nothing is left out here of what the kernel answers: it is asked for the one table.</summary>
    [Fact]
    public void GetRoutes_OfATable_AreOfThatTableAlone()
    {
        Assert.Empty(Route.GetRoutes(4711));
        RouteSpec[] specs = [.. new[] { "10.0.0.0/8", "2001:db8:99::/48" }.Select(p => new RouteSpec(IPNetwork.Parse(p)) { InterfaceIndex = _up.Index, Table = 4711 })];
        foreach (RouteSpec spec in specs)
        {
            Route.AddRoute(spec);
        }

        Assert.Equal(specs.Select(static s => (s.Destination, s.Table)), Route.GetRoutes(4711).Select(static r => (r.Destination, r.Table)));
        Assert.Contains(Route.GetRoutes(254), static r => r.Destination.Equals(IPNetwork.Parse("192.0.2.0/24")));
    }

    /// <summary>So is IPv6 on a host that was booted with ipv6.disable=1.</summary>
    [Fact]
    public void GetRules_OfAFamilyThatTheKernelRunsWithout_AreNone()
    {
        const byte Appletalk = 5; // It has addresses, and never had rules.
        Assert.Empty(Route.GetRules(Appletalk));
        Assert.NotEmpty(Route.GetRules());
    }

    /// <summary>The kernel takes it, and gives it back with its host bits.</summary>
    [Fact]
    public void GetRules_OneFromAnAddressWithALength_IsOfItsPrefix()
    {
        TestCommand.Run(_ns.Namespace, "ip", "rule", "add", "from", "10.0.0.5/24", "lookup", "4712");
        Assert.Equal(IPNetwork.Parse("10.0.0.0/24"), Assert.Single(Route.GetRules(), static r => r.Table == 4712).Source);
    }

    [Fact]
    public void GetRoutes_Multipath_GivesEveryNextHop()
    {
        TestCommand.Run(_ns.Namespace, "ip", "route", "add", "10.0.0.0/8", "nexthop", "via", "192.0.2.2", "nexthop", "via", "192.0.2.3");
        var hops = Route.GetRoutes().Where(route => route.Destination.Equals(IPNetwork.Parse("10.0.0.0/8")));
        Assert.Equal(["192.0.2.2", "192.0.2.3"], hops.Select(hop => hop.Gateway!.ToString()).Order(StringComparer.Ordinal));
        Assert.All(hops, hop => Assert.Equal(_up.Index, hop.InterfaceIndex));
    }

    [Fact]
    public void GetRoutes_Ipv4OverIpv6NextHop_GatewayIsIpv6()
    {
        TestCommand.Run(_ns.Namespace, "ip", "route", "add", "10.0.0.0/8", "via", "inet6", "2001:db8::2");
        Assert.Equal(IPAddress.Parse("2001:db8::2"), Route.GetRoute(IPAddress.Parse("10.1.1.1")).Gateway);
    }

    [Theory]
    [InlineData("192.0.2.77")]
    [InlineData("2001:db8::77")]
    public void SetNeighbour_ThenDelete_ComesAndGoes(string text)
    {
        var address = IPAddress.Parse(text);
        Route.SetNeighbour(_up.Index, address, Mac);
        Assert.Equal(new NeighbourInfo(_up.Index, address, Mac, NeighbourStates.Permanent), Route.GetNeighbours(_up.Index).Single(n => n.Address.Equals(address)));
        Assert.True(Route.DeleteNeighbour(_up.Index, address));
        // A deleted entry may linger as failed until it is collected; it is no longer permanent.
        Assert.DoesNotContain(Route.GetNeighbours(_up.Index), n => n.Address.Equals(address) && n.State == NeighbourStates.Permanent);
        Assert.False(Route.DeleteNeighbour(_up.Index, IPAddress.Parse("192.0.2.78")));
    }

    [Fact]
    public void Sysctl_Write_ConcernsTheNamespaceAlone()
    {
        var outside = Sysctl.Read("net/ipv4/ip_default_ttl");
        _ns.Namespace.Run(() =>
        {
            Sysctl.Write("net/ipv4/ip_default_ttl", 99);
            Assert.Equal("99", Sysctl.Read("net/ipv4/ip_default_ttl"));
            Assert.True(Sysctl.Exists("net/ipv4/conf/up0/forwarding"));
            Assert.False(Sysctl.Exists("net/ipv4/conf/nothere/forwarding"));
        });
        Assert.Equal(outside, Sysctl.Read("net/ipv4/ip_default_ttl"));
        Assert.Throws<ArgumentException>(() => Sysctl.Read("../version"));
    }
}
