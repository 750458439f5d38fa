using System.Net;
using Hnv.Agent.Desired;
using Hnv.Agent.Sync;
using Hnv.Agent.Tests.Fakes;
using Hnv.Api.Stream;
using Hnv.Datapath;
using Hnv.Datapath.Layouts;
using Hnv.Model.Addressing;
using Hnv.Model.Resources;
using static Hnv.Agent.Tests.Fakes.Items;

namespace Hnv.Agent.Tests.Desired;

public sealed class DesiredStateTests : IDisposable
{
    private static readonly MacAddress s_mac = MacAddress.Parse("06:06:00:00:00:05");

    private readonly FakeDataplane _dataplane = new();
    private readonly DesiredState _state;

    public DesiredStateTests() => _state = new DesiredState(_dataplane);

    public void Dispose() => _dataplane.Dispose();

    [Fact]
    public void Record_AtAnotherHost_LeadsToItsProviderAddress()
    {
        Put(Blue, Record("10.0.0.5"));
        Assert.Equal(RecordEntry.Remote(s_mac, RecordKind.Static, IPAddress.Parse("192.168.4.22")), At("10.0.0.5"));
        Assert.Equal(LocationEntry.Remote(IPAddress.Parse("192.168.4.22")), Adapter());
    }

    [Fact]
    public void Record_AtAPortBoundHere_IsLocalAsLongAsItIsBound()
    {
        Put(HostScope.Id, Pa("192.168.4.11"));
        Put(Blue, Port(), Record("10.0.0.5", pa: "192.168.4.11", port: "blue/blue1"), Record("fd00::5", pa: "192.168.4.11", port: "blue/blue1"));
        Assert.Equal(RecordFlags.Unusable, At("10.0.0.5").Flags);
        Assert.Null(Adapter());

        _state.PortBound("blue/blue1", 5001, 12);
        Assert.Equal(RecordEntry.Local(s_mac, RecordKind.Static, 12), At("10.0.0.5"));
        Assert.Equal(RecordEntry.Local(s_mac, RecordKind.Static, 12), At("fd00::5"));
        Assert.Equal(LocationEntry.Local(12), Adapter());

        _state.PortBound("blue/blue1", 5001, 13);
        Assert.Equal(13u, At("10.0.0.5").Ifindex);

        _state.PortUnbound("blue/blue1");
        Assert.Equal(RecordFlags.Unusable, At("10.0.0.5").Flags);
        Assert.True(At("10.0.0.5").Pa.IsNone);
        Assert.Null(Adapter());
    }

    [Fact]
    public void Members_OfALearningSubnet_AreLocalPortsAndTheHostsOfOthers()
    {
        Put(HostScope.Id, Pa("192.168.4.11"));
        Put(
            Blue, Subnet() with { Learning = LearningMode.Dynamic, Flooding = FloodingMode.Unicast, LearningEpoch = 3 }, Port(),
            Member(pa: "192.168.4.11"), Member("06:06:00:00:00:07", port: "blue/b2", learns: false), Member("06:06:00:00:00:08", port: "blue/b3"),
            Member("06:06:00:00:00:09", "192.168.4.33", "blue/b4", learns: false), Member("06:06:00:00:00:0a", null, "blue/b5"));
        _state.PortBound("blue/blue1", 5001, 12);

        Assert.Equal(MemberEntry.Local(12, MemberFlags.Learns), Slot(0));
        Assert.Equal(MemberEntry.Remote(IPAddress.Parse("192.168.4.22"), MemberFlags.Learns), Slot(MemberKey.Remote));
        Assert.Equal(MemberEntry.Remote(IPAddress.Parse("192.168.4.33"), MemberFlags.None), Slot(MemberKey.Remote + 1));
        Assert.Equal(3, _dataplane.Members.Count);
        Assert.Equal((SubnetFlags.Learns | SubnetFlags.Floods, 1u, 2u, 3u), (Net().Flags, Net().LocalMembers, Net().RemoteMembers, Net().Epoch));
        Assert.True(Net().Group.IsNone);

        // .22 goes with its last member; the one behind takes its slot.
        Remove(Blue, Member("06:06:00:00:00:07", port: "blue/b2", learns: false));
        Assert.Equal(2u, Net().RemoteMembers);
        Remove(Blue, Member("06:06:00:00:00:08", port: "blue/b3"));
        Assert.Equal(MemberEntry.Remote(IPAddress.Parse("192.168.4.33"), MemberFlags.None), Slot(MemberKey.Remote));
        Assert.Equal(1u, Net().RemoteMembers);

        _state.PortUnbound("blue/blue1");
        Assert.Equal(0u, Net().LocalMembers);
        Assert.Null(Slot(0));
    }

    /// <summary>An explicit record to where no host of the cloud has a port, as one names a third party's endpoint.</summary>
    [Fact]
    public void Endpoint_ThatARecordNames_IsAMemberWhereEachHostGetsACopy()
    {
        RecordItem first = Record("10.0.0.97", "06:06:00:00:00:97", "192.168.4.97", null), second = first with { CustomerAddress = IPAddress.Parse("2001:db8:5001::97") };
        SubnetItem floods = Subnet() with { Flooding = FloodingMode.Unicast };
        Put(HostScope.Id, Pa("192.168.4.11"));
        Put(Blue, floods, first, Member(), second, first with { CustomerAddress = IPAddress.Parse("10.0.0.98"), ProviderAddress = IPAddress.Parse("192.168.4.22") });
        Assert.Equal(["192.168.4.22", "192.168.4.97"], Remotes());

        Put(Blue, first with { CustomerAddress = IPAddress.Parse("10.0.0.99"), ProviderAddress = IPAddress.Parse("192.168.4.99"), Unusable = true });
        Put(Blue, first with { CustomerAddress = IPAddress.Parse("10.0.0.96"), ProviderAddress = IPAddress.Parse("192.168.4.96"), Port = "blue/b7" });
        Remove(Blue, first);
        Assert.Equal(["192.168.4.22", "192.168.4.97"], Remotes());
        Remove(Blue, Member());
        Assert.Equal(["192.168.4.22", "192.168.4.97"], Remotes());

        Put(HostScope.Id, Pa("192.168.4.97"));
        Assert.Equal(["192.168.4.22"], Remotes());
        Remove(HostScope.Id, Pa("192.168.4.97"));
        foreach (FloodingMode mode in (FloodingMode[])[FloodingMode.None, FloodingMode.Multicast])
        {
            Put(Blue, floods with { Flooding = mode, MulticastGroup = IPAddress.Parse("239.1.1.1") });
            Assert.Empty(Remotes());
        }

        Put(Blue, floods);
        Remove(Blue, second);
        Assert.Equal(["192.168.4.22"], Remotes());

        string[] Remotes()
        {
            string[] slots = [.. Enumerable.Range(0, (int)Net().RemoteMembers).Select(i => Slot(MemberKey.Remote + (uint)i)!.Value.Pa.ToIPAddress()!.ToString())];
            Assert.Null(Slot(MemberKey.Remote + (uint)slots.Length));
            return [.. slots.Order(StringComparer.Ordinal)];
        }
    }

    [Fact]
    public void Member_WithoutAnyAddress_SaysWhereItsMacIs()
    {
        Put(HostScope.Id, Pa("192.168.4.11"));
        Put(Blue, Member());
        Assert.Equal(LocationEntry.Remote(IPAddress.Parse("192.168.4.22")), Adapter());

        Put(HostScope.Id, Pa("192.168.4.22"));
        Assert.Null(Adapter());

        Put(Blue, Port());
        _state.PortBound("blue/blue1", 5001, 12);
        Assert.Equal(LocationEntry.Local(12), Adapter());
    }

    [Fact]
    public void Subnet_ThatDoesNotLearn_DoesWhereOneOfItsPortsDoes()
    {
        Put(Blue, Subnet());
        Assert.Equal(SubnetFlags.None, Net().Flags);
        Put(Blue, Member(learns: false));
        Assert.Equal(SubnetFlags.None, Net().Flags);
        Put(Blue, Member("06:06:00:00:00:07", port: "blue/b2"));
        Assert.Equal(SubnetFlags.Learns, Net().Flags);
    }

    [Fact]
    public void Group_IsNeeded_WhereASubnetThatFloodsToItHasAPort()
    {
        var group = IPAddress.Parse("239.1.1.1");
        SubnetItem subnet = Subnet() with { Flooding = FloodingMode.Multicast, MulticastGroup = group };
        Put(Blue, subnet, Member(), Subnet(5002) with { Flooding = FloodingMode.Multicast, MulticastGroup = group }, Member(vsid: 5002, port: "blue/b2"),
            Port(), Port("blue/b2", "v-b2", vsid: 5002));
        Assert.Equal(KernelAddress.From(group), Net().Group);
        Assert.Empty(_state.Groups);

        _state.PortBound("blue/blue1", 5001, 12);
        _state.PortBound("blue/b2", 5002, 13);
        Assert.Equal([group], _state.Groups);

        _state.PortUnbound("blue/blue1");
        Assert.Equal([group], _state.Groups);
        Remove(Blue, Subnet(5002) with { Flooding = FloodingMode.Multicast, MulticastGroup = group });
        Assert.Empty(_state.Groups);
    }

    [Fact]
    public void ExplicitRecord_WithAProviderAddressOfThisHost_LeadsToThePortThatHasItsMac()
    {
        Put(HostScope.Id, Pa("192.168.4.11"));
        Put(Blue, Record("10.0.0.50", pa: "192.168.4.11"));
        Assert.Equal(RecordFlags.Unusable, At("10.0.0.50").Flags);
        Put(Blue, Port());
        Assert.Equal(RecordFlags.Unusable, At("10.0.0.50").Flags);

        _state.PortBound("blue/blue1", 5001, 12);
        Assert.Equal(RecordEntry.Local(s_mac, RecordKind.Static, 12), At("10.0.0.50"));
        Assert.Equal(LocationEntry.Local(12), Adapter());

        _state.PortUnbound("blue/blue1");
        Assert.Equal(RecordFlags.Unusable, At("10.0.0.50").Flags);
    }

    [Fact]
    public void Record_MarkedUnusable_KeepsItsPlaceAndGivesNoAdapter()
    {
        Put(Blue, Record("10.0.0.5", unusable: true));
        Assert.Equal(RecordEntry.Remote(s_mac, RecordKind.Static, IPAddress.Parse("192.168.4.22"), RecordFlags.Unusable), At("10.0.0.5"));
        Assert.Null(Adapter());
    }

    [Fact]
    public void Record_WithoutAnyPlace_IsUnusable()
    {
        Put(Blue, Record("10.0.0.5", pa: null, port: "blue/elsewhere"));
        Assert.Equal(RecordFlags.Unusable, At("10.0.0.5").Flags);
    }

    [Fact]
    public void Gateway_OfASubnet_IsARecordAndWinsOverPolicys()
    {
        Put(Blue, Record("10.0.0.1"), Subnet());
        Assert.Equal((RecordKind.DistributedGateway, "02:48:4e:56:00:01"), (At("10.0.0.1").Type, At("10.0.0.1").Mac.ToString()));

        Remove(Blue, Subnet());
        Assert.Equal(RecordKind.Static, At("10.0.0.1").Type);
    }

    [Fact]
    public void Tables_OfTwoNetworksWithTheSameAddresses_StayApart()
    {
        Put(Blue, Subnet(), Route(), Record("10.0.0.5"));
        Put(Red, Subnet(6001), Route(vsid: 6001), Record("10.0.0.5", pa: "192.168.4.33", vsid: 6001));

        Assert.Equal("192.168.4.22", At("10.0.0.5").Pa.ToString());
        Assert.Equal("192.168.4.33", At("10.0.0.5", 6001).Pa.ToString());
        Assert.Equal(2, _dataplane.Routes.Count);
        Assert.Equal(2, _dataplane.Routes.Desired.Select(r => r.Key.Rd).Distinct().Count());
    }

    [Fact]
    public void Subnet_ThatMovesBetweenNetworks_DoesNotDependOnTheOrder()
    {
        Put(Red, Subnet());
        Put(Blue, Subnet());
        Remove(Red, Subnet());
        Assert.True(_dataplane.Subnets.TryGet(new SubnetKey(5001), out SubnetEntry entry));
        Assert.Equal(_dataplane.Domains.Number(Blue), entry.Rd.ToHost());
    }

    [Fact]
    public void SubnetWithRoutesOfItsOwn_IsUnderANumberOfItsOwn_WithItsPortsAndRoutes_AndBackAgain()
    {
        SubnetItem own = Subnet() with { OwnRoutes = true };
        RouteItem route = Route(hop: "10.0.0.9") with { OfSubnet = true };
        Put(Blue, Subnet(), Port(), Route(), route);
        uint domain = _dataplane.Domains.Number(Blue), subnet = IRoutingDomains.NumberOfSubnet(5001);
        Assert.Equal(domain, Under());
        Assert.Equal([domain], Routes());
        _state.TakeChangedPorts();

        Change(Blue, Subnet(), own);

        Assert.Equal(subnet, Under());
        Assert.Equal([domain, subnet], Routes());
        Assert.Equal(["blue/blue1"], _state.TakeChangedPorts());
        Assert.Equal(Blue, _state.RoutingDomains[subnet]);

        Change(Blue, own, Subnet());

        Assert.Equal(domain, Under());
        Assert.Equal([domain], Routes());
        Assert.Equal([domain], _state.RoutingDomains.Keys);

        uint Under()
        {
            Assert.True(_dataplane.Subnets.TryGet(new SubnetKey(5001), out SubnetEntry entry));
            Assert.Equal(entry.Rd.ToHost(), _state.FindPort("blue/blue1")!.Value.Rd);
            return entry.Rd.ToHost();
        }

        uint[] Routes() => [.. _dataplane.Routes.Desired.Select(static r => r.Key.Rd.ToHost()).Order()];
    }

    [Fact]
    public void RoutesOfASubnet_ThatAnotherNetworkHas_DoNotCount()
    {
        Put(Red, Subnet() with { OwnRoutes = true }, Route(hop: "10.0.0.9") with { OfSubnet = true });
        Put(Blue, Subnet() with { OwnRoutes = true });
        Assert.Empty(_dataplane.Routes.Desired);

        Remove(Blue, Subnet() with { OwnRoutes = true });
        Assert.Single(_dataplane.Routes.Desired);
    }

    [Fact]
    public void Detach_TakesOutEverythingAndFreesTheNumber()
    {
        HeldNetworkPolicy policy = Policy(Blue, 1, Subnet() with { OwnRoutes = true }, Route(), Route() with { OfSubnet = true }, Record("10.0.0.5"), Port(), Peer());
        _state.OnUpdate(new NetworkChanged(policy, [.. policy.Items.Values.Select(i => new ItemChange(null, i))]));
        Assert.NotEmpty(_dataplane.Everything());

        _state.OnUpdate(new NetworkDetached(policy));

        Assert.Empty(_dataplane.Everything());
        Assert.Contains(Blue, _dataplane.Domains.Released);
        Assert.Empty(_state.RoutingDomains);
    }

    [Fact]
    public void Peer_NamedByTwoNetworks_StaysUntilBothAreGone()
    {
        Put(Blue, Peer());
        Put(Red, Peer(mode: FlowIdMode.Zero));
        _state.SetWay(IPAddress.Parse("192.168.4.22"), new PeerWay(IPAddress.Parse("192.168.4.11"), 2, 1500));
        Assert.Equal(PeerFlags.FlowIdZero, Way().Flags);

        Remove(Red, Peer(mode: FlowIdMode.Zero));
        Assert.Equal(new PeerEntry(IPAddress.Parse("192.168.4.11"), 2, 1500, PeerFlags.None), Way());

        Remove(Blue, Peer());
        Assert.Equal(0, _dataplane.Peers.Count);
    }

    [Fact]
    public void Peer_WithoutAWay_IsKnownAndUnreachable()
    {
        Put(Blue, Peer());
        Assert.Equal(PeerEntry.Unreachable(), Way());
        Assert.Equal([IPAddress.Parse("192.168.4.22")], _state.UnreachablePeers);
    }

    [Fact]
    public void LocalPa_ExistsOnlyWhereAnUplinkHasIt()
    {
        Put(HostScope.Id, Pa("192.168.4.11"), Pa("192.168.5.11", 1));
        _state.SetPresentAddresses(new Dictionary<IPAddress, int> { [IPAddress.Parse("192.168.4.11")] = 2, [IPAddress.Parse("10.9.9.9")] = 2 });

        Assert.Equal(new LocalPaEntry(2), Assert.Single(_dataplane.LocalPas.Desired).Value);
    }

    [Fact]
    public void Network_WithoutANumber_IsRefusedAndTheOthersGoOn()
    {
        _dataplane.Domains.Refuse = Red;
        Put(Red, Subnet(6001), Record("10.0.0.5", vsid: 6001));
        Put(Blue, Record("10.0.0.5"));

        Assert.Equal([Red], _state.Refused.Keys);
        Assert.Single(_dataplane.Records.Desired);
    }

    [Fact]
    public void Adapter_OfManyRecords_DoesNotDependOnTheirOrder()
    {
        RecordItem[] records =
        [
            Record("10.0.0.9", pa: "192.168.4.33"), Record("10.0.0.5", pa: "192.168.4.22", type: LookupRecordType.Dynamic), Record("10.0.0.7", pa: "192.168.4.44"),
        ];
        Put(Blue, records);
        LocationEntry? first = Adapter();
        Remove(Blue, records);
        Put(Blue, [.. records.Reverse()]);

        Assert.Equal(LocationEntry.Remote(IPAddress.Parse("192.168.4.44")), first);
        Assert.Equal(first, Adapter());
    }

    private void Put(Guid network, params PolicyItem[] items) =>
        _state.OnUpdate(new NetworkChanged(Policy(network, 1), [.. items.Select(i => new ItemChange(null, _known[(network, i.Key)] = i))]));

    private readonly Dictionary<(Guid, string), PolicyItem> _known = [];

    private void Remove(Guid network, params PolicyItem[] items) =>
        _state.OnUpdate(new NetworkChanged(Policy(network, 1), [.. items.Select(i => new ItemChange(_known[(network, i.Key)], null))]));

    private void Change(Guid network, PolicyItem before, PolicyItem after) =>
        _state.OnUpdate(new NetworkChanged(Policy(network, 1), [new ItemChange(_known[(network, before.Key)], _known[(network, after.Key)] = after)]));

    private RecordEntry At(string ca, uint vsid = 5001) =>
        _dataplane.Records.TryGet(new RecordKey(vsid, IPAddress.Parse(ca)), out RecordEntry entry) ? entry : throw new KeyNotFoundException(ca);

    private MemberEntry? Slot(uint slot) => _dataplane.Members.TryGet(new MemberKey(5001, slot), out MemberEntry entry) ? entry : null;

    private SubnetEntry Net() => _dataplane.Subnets.TryGet(new SubnetKey(5001), out SubnetEntry entry) ? entry : throw new KeyNotFoundException();

    private LocationEntry? Adapter() => _dataplane.Macs.TryGet(new MacKey(5001, s_mac), out LocationEntry place) ? place : null;

    private PeerEntry Way() => _dataplane.Peers.TryGet(KernelAddress.From(IPAddress.Parse("192.168.4.22")), out PeerEntry way) ? way : throw new KeyNotFoundException();
}
