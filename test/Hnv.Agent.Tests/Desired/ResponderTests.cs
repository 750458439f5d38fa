using System.Collections.Immutable;
using System.Net;
using Hnv.Agent.Desired;
using Hnv.Agent.Sync;
using Hnv.Agent.Tests.Fakes;
using Hnv.Api.Stream;
using Hnv.Datapath.Layouts;
using Hnv.Model.Resources;
using Hnv.Wire;
using static Hnv.Agent.Tests.Fakes.Items;

namespace Hnv.Agent.Tests.Desired;

/// <summary>What the kernel's responder is given to hand out.</summary>
public sealed class ResponderTests : IDisposable
{
    private static readonly SubnetKey s_key = new(5001);
    private readonly FakeDataplane _dataplane = new();
    private readonly DesiredState _state;
    private readonly Dictionary<string, PolicyItem> _items = new(StringComparer.Ordinal);

    public ResponderTests() => _state = new DesiredState(_dataplane);

    [Fact]
    public void Pool_OfBothFamilies_IsInEveryMessage()
    {
        Put(Web(Pool with { Mtu = 1400, Domain = "blue.example" }));
        Dhcp4Entry dhcp4 = Dhcp4();
        Assert.Equal(600u, dhcp4.LeaseSeconds);
        byte[] options = Bytes(dhcp4.Options, dhcp4.Length);
        Assert.Equal([255, 255, 255, 0], Find4(options, DhcpOption.SubnetMask));
        Assert.Equal([10, 0, 0, 1], Find4(options, DhcpOption.Router));
        Assert.Equal([10, 0, 0, 2], Find4(options, DhcpOption.DomainNameServer));
        Assert.Equal([5, 120], Find4(options, DhcpOption.InterfaceMtu));
        Assert.Equal("blue.example"u8.ToArray(), Find4(options, DhcpOption.DomainName));
        Assert.Null(Find4(options, DhcpOption.ClasslessRoutes));

        Assert.True(_dataplane.Dhcp6.TryGet(s_key, out Dhcp6Entry dhcp6));
        byte[] options6 = Bytes(dhcp6.Options, dhcp6.Length);
        Assert.Equal((600u, 1200u), (dhcp6.PreferredSeconds, dhcp6.ValidSeconds));
        Assert.Equal([0, 2, 0, 18, 0, 4], options6[..6]); // The programs compare it there.
        Assert.Equal(IPAddress.Parse("2001:db8:5001::2").GetAddressBytes(), Dhcpv6Options.Find(options6, Dhcpv6Option.DnsServers));
        Assert.Equal(DomainName.Encode("blue.example"), Dhcpv6Options.Find(options6, Dhcpv6Option.DomainSearchList));

        (RouterAdvertisement advertisement, Dictionary<NeighborOptionType, byte[]> said) = Advertisement();
        Assert.Equal(((byte)0xc0, ushort.MaxValue), (advertisement.Flags, advertisement.RouterLifetime));
        Assert.Equal([0, 0, 0, 0, 5, 120], said[NeighborOptionType.Mtu]);
        Assert.Equal([64, 0x80], said[NeighborOptionType.PrefixInformation][..2]);
        Assert.Equal("02484e560001", Convert.ToHexStringLower(said[NeighborOptionType.SourceLinkLayerAddress]));
        Assert.True(said.ContainsKey(NeighborOptionType.RecursiveDnsServer) && said.ContainsKey(NeighborOptionType.DnsSearchList));
    }

    [Fact]
    public void Pool_WithoutGateway_TellsOfNoRouter()
    {
        Put(Web(Pool with { Gateway = false, Routes = [new PoolRoute(IPNetwork.Parse("172.16.0.0/12"), IPAddress.Parse("10.0.0.9"))] }));
        byte[] options = Bytes(Dhcp4().Options, Dhcp4().Length);
        Assert.Null(Find4(options, DhcpOption.Router));
        Assert.Equal([12, 172, 16, 10, 0, 0, 9], Find4(options, DhcpOption.ClasslessRoutes));
        Assert.Equal(0, Advertisement().Message.RouterLifetime);
    }

    [Fact]
    public void ClasslessRoutes_ContainTheDefaultRouteToTheGateway()
    {
        Put(Web(Pool with { Routes = [new PoolRoute(IPNetwork.Parse("172.16.0.0/12"), IPAddress.Parse("10.0.0.9"))] }));
        Assert.Equal([0, 10, 0, 0, 1, 12, 172, 16, 10, 0, 0, 9], Find4(Bytes(Dhcp4().Options, Dhcp4().Length), DhcpOption.ClasslessRoutes));
    }

    /// <summary>Hosts of both families, of which those over IPv6 leave less; then the network travels in VXLAN.</summary>
    [Fact]
    public void Mtu_IsTheSmallestOfAllFormsOnTheWays()
    {
        PolicyItem[] items = [Web(Pool), Peer("192.168.4.22"), Peer("fd00::22")];
        HeldNetworkPolicy policy = Policy(Blue, 1, items);
        _state.OnUpdate(new NetworkChanged(policy, [.. items.Select(static i => new ItemChange(null, i))]));
        _state.SetWay(IPAddress.Parse("192.168.4.22"), new PeerWay(IPAddress.Parse("192.168.4.11"), 2, 1500));
        Assert.Equal([0, 0, 0, 0, 5, 0xb2], Advertisement().Options[NeighborOptionType.Mtu]); // 1458
        _state.SetWay(IPAddress.Parse("fd00::22"), new PeerWay(IPAddress.Parse("fd00::11"), 2, 1500));
        Assert.Equal([0, 0, 0, 0, 5, 0x9e], Advertisement().Options[NeighborOptionType.Mtu]); // 1438
        Assert.False(_state.UsesVxlan);

        _state.OnUpdate(new NetworkChanged(policy with { Encapsulation = Model.Resources.Encapsulation.Vxlan }, []));
        Assert.Equal([0, 0, 0, 0, 5, 0x96], Advertisement().Options[NeighborOptionType.Mtu]); // 1430
        Assert.True(_dataplane.Subnets.TryGet(s_key, out SubnetEntry subnet));
        Assert.Equal(Datapath.Layouts.Encapsulation.Vxlan, subnet.Encapsulation);
        Assert.True(_state.UsesVxlan);
    }

    [Fact]
    public void Mtu_IsThatOfTheTunnel_WhereItIsSmallerThanEthernets()
    {
        Put(Web(Pool));
        Put(Peer("192.168.4.22"), Peer("192.168.4.33"));
        Assert.False(Advertisement().Options.ContainsKey(NeighborOptionType.Mtu));
        _state.SetWay(IPAddress.Parse("192.168.4.22"), new PeerWay(IPAddress.Parse("192.168.4.11"), 2, 1600));
        Assert.False(Advertisement().Options.ContainsKey(NeighborOptionType.Mtu));
        uint before = Revision();
        _state.SetWay(IPAddress.Parse("192.168.4.33"), new PeerWay(IPAddress.Parse("192.168.4.11"), 2, 1500));
        Assert.Equal([0, 0, 0, 0, 5, 0xb2], Advertisement().Options[NeighborOptionType.Mtu]);
        Assert.Equal([5, 0xb2], Find4(Bytes(Dhcp4().Options, Dhcp4().Length), DhcpOption.InterfaceMtu));
        Assert.NotEqual(before, Revision());
        _state.SetWay(IPAddress.Parse("192.168.4.33"), null);
        Assert.Equal(before, Revision());
    }

    [Fact]
    public void Slaac_SaysThatAddressesMayBeMade_AlsoWithoutPool()
    {
        Put(Web(null) with { RouterAdvertisements = RouterAdvertisementMode.Slaac });
        (RouterAdvertisement advertisement, Dictionary<NeighborOptionType, byte[]> said) = Advertisement();
        Assert.Equal((0, ushort.MaxValue), (advertisement.Flags, advertisement.RouterLifetime));
        Assert.Equal([64, 0xc0], said[NeighborOptionType.PrefixInformation][..2]);
        Assert.Equal((0, 0), (_dataplane.Dhcp4.Count, _dataplane.Dhcp6.Count));
    }

    [Fact]
    public void Gateway_ThatAdvertisesItself_HasARecordOfItsLinkLocalAddress()
    {
        var key = new RecordKey(5001, IPAddress.Parse("fe80::48:4eff:fe56:1"));
        Put(Web(Pool));
        Assert.True(_dataplane.Records.TryGet(key, out RecordEntry record));
        Assert.Equal(RecordKind.DistributedGateway, record.Type);
        Put(Web(Pool) with { RouterAdvertisements = RouterAdvertisementMode.Off });
        Assert.False(_dataplane.Records.TryGet(key, out _));
        Assert.Equal(0, _dataplane.RouterAdvertisements.Count);
    }

    [Fact]
    public void ServerIdentifier_IsTheSameOnEveryHost_AndAnotherInEverySubnet()
    {
        Put(Web(Pool), Web(Pool) with { Vsid = 5002 });
        using var other = new FakeDataplane();
        new DesiredState(other).OnUpdate(new NetworkChanged(Policy(Blue, 1, Web(Pool)), [new ItemChange(null, Web(Pool))]));
        Assert.Equal(Server(other, 5001), Server(_dataplane, 5001));
        Assert.NotEqual(Server(_dataplane, 5001), Server(_dataplane, 5002));
    }

    [Fact]
    public void Lease_OfAPort_IsThereAsLongAsThePortHasIt()
    {
        PortItem port = Port(number: 9) with { Lease4 = IPAddress.Parse("10.0.0.50") };
        Put(port);
        Assert.True(_dataplane.Leases.TryGet(9, out LeaseEntry lease));
        Assert.Equal(new LeaseEntry(IPAddress.Parse("10.0.0.50"), null), lease);
        Put(port with { Lease4 = null, Lease6 = IPAddress.Parse("2001:db8:5001::50") });
        Assert.True(_dataplane.Leases.TryGet(9, out lease));
        Assert.Equal(new LeaseEntry(null, IPAddress.Parse("2001:db8:5001::50")), lease);
        Put(port with { Lease4 = null });
        Assert.Equal(0, _dataplane.Leases.Count);
    }

    [Fact]
    public void Network_ThatLeaves_TakesAllAlong()
    {
        Put(Web(Pool), Port() with { Lease4 = IPAddress.Parse("10.0.0.50") });
        _state.OnUpdate(new NetworkDetached(Policy(Blue, 1, _items.Values)));
        Assert.Equal((0, 0, 0, 0), (_dataplane.Dhcp4.Count, _dataplane.Dhcp6.Count, _dataplane.RouterAdvertisements.Count, _dataplane.Leases.Count));
    }

    [Fact]
    public void Pool_AsLargeAsPolicyAllows_FitsButForALongDomain()
    {
        ImmutableArray<PoolRoute> routes = [.. Enumerable.Range(0, 24).Select(i => new PoolRoute(new IPNetwork(new IPAddress([172, 16, 0, (byte)i]), 32), IPAddress.Parse("10.0.0.9")))];
        ImmutableArray<IPAddress> dns = [.. Enumerable.Range(1, 8).Select(i => new IPAddress([10, 0, 0, (byte)i]))];
        Put(Web(Pool with { Dns = dns, Routes = routes, Mtu = 1400, Domain = "blue.example" }));
        byte[] options = Bytes(Dhcp4().Options, Dhcp4().Length);
        Assert.Equal(32, Find4(options, DhcpOption.DomainNameServer)!.Length);
        Assert.Equal(5 + (24 * 9), Find4(options, DhcpOption.ClasslessRoutes)!.Length);
        Assert.NotNull(Find4(options, DhcpOption.DomainName));
        Put(Web(Pool with { Dns = dns, Routes = routes, Domain = string.Join('.', Enumerable.Repeat(new string('a', 62), 4)) }));
        Assert.Null(Find4(Bytes(Dhcp4().Options, Dhcp4().Length), DhcpOption.DomainName));
        ImmutableArray<IPAddress> dns6 = [.. Enumerable.Range(1, 8).Select(i => IPAddress.Parse($"2001:db8::{i}"))];
        Put(Web(Pool with { Dns = dns6, Domain = string.Join('.', Enumerable.Repeat(new string('a', 62), 4)) }));
        Assert.True(Advertisement().Options.ContainsKey(NeighborOptionType.DnsSearchList));
    }

    public void Dispose() => _dataplane.Dispose();

    private static PoolItem Pool { get; } = new(true, [IPAddress.Parse("10.0.0.2"), IPAddress.Parse("2001:db8:5001::2")], [], null, null, 600);

    private static SubnetItem Web(PoolItem? pool) => Subnet() with
    {
        Prefix6 = IPNetwork.Parse("2001:db8:5001::/64"),
        Gateway6 = IPAddress.Parse("2001:db8:5001::1"),
        RouterAdvertisements = RouterAdvertisementMode.Managed,
        Pool = pool,
    };

    private static byte[] Bytes(OptionBytes options, int length) => ((ReadOnlySpan<byte>)options)[..length].ToArray();

    private static byte[]? Find4(byte[] options, DhcpOption code) => DhcpOptions.Find([.. options, 255], code);

    private static byte[]? Server(FakeDataplane dataplane, uint vsid) =>
        dataplane.Dhcp6.TryGet(new SubnetKey(vsid), out Dhcp6Entry entry) ? Dhcpv6Options.Find(Bytes(entry.Options, entry.Length), Dhcpv6Option.ServerId) : null;

    private void Put(params PolicyItem[] items)
    {
        foreach (PolicyItem item in items)
        {
            _items.TryGetValue(item.Key, out PolicyItem? before);
            _items[item.Key] = item;
            _state.OnUpdate(new NetworkChanged(Policy(Blue, 1, _items.Values), [new ItemChange(before, item)]));
        }
    }

    private Dhcp4Entry Dhcp4() => _dataplane.Dhcp4.TryGet(s_key, out Dhcp4Entry entry) ? entry : default;

    private uint Revision() => _dataplane.RouterAdvertisements.TryGet(s_key, out RouterAdvertisementEntry entry) ? entry.Revision : 0;

    private (RouterAdvertisement Message, Dictionary<NeighborOptionType, byte[]> Options) Advertisement()
    {
        Assert.True(_dataplane.RouterAdvertisements.TryGet(s_key, out RouterAdvertisementEntry entry));
        Assert.True(RouterAdvertisement.TryParse(Bytes(entry.Message, entry.Length), out RouterAdvertisement message, out ReadOnlySpan<byte> options));
        Dictionary<NeighborOptionType, byte[]> said = [];
        var walk = new NeighborOptions(options);
        while (walk.MoveNext())
        {
            said.Add(walk.Type, walk.Data.ToArray());
        }

        Assert.False(walk.IsMalformed);
        return (message, said);
    }
}
