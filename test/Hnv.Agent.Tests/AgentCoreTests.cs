using System.Net;
using Hnv.Agent.Counters;
using Hnv.Agent.Sync;
using Hnv.Agent.Tests.Fakes;
using Hnv.Api.Reports;
using Hnv.Api.Stream;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Ports;
using Hnv.Datapath.Tables;
using Hnv.Linux;
using Hnv.Linux.Netlink;
using Hnv.Model.Resources;
using Microsoft.Extensions.Logging.Abstractions;
using static Hnv.Agent.Tests.Fakes.Items;

namespace Hnv.Agent.Tests;

/// <summary>The core with a data plane and a host's networking that are not there: up0 (2) is the uplink, v-blue1 is the port's.</summary>
public sealed class AgentCoreTests : IDisposable
{
    private readonly FakeDataplane _dataplane = new();
    private readonly FakeNetwork _network = new();
    private readonly FakeTime _time = new();
    private readonly List<PolicyItem> _blue = [];
    private readonly CounterBook _counters;
    private AgentCore _core;

    public AgentCoreTests()
    {
        _network.Link(2, "up0", kind: "");
        _network.Address(2, "192.168.4.11");
        _network.Route("192.168.4.0/24", 2);
        _counters = new CounterBook(_dataplane, new FakeCounterStore(), NullLogger<CounterBook>.Instance);
        _core = NewCore();
    }

    public void Dispose() => _dataplane.Dispose();

    [Fact]
    public void Port_WhoseInterfaceAppears_IsBoundAndItsRecordLocal()
    {
        Start();
        Assert.Equal((PortStates.Waiting, null), PortState());

        Tell(_network.Link(12, "v-blue1"));

        Assert.Equal((PortStates.Bound, null), PortState());
        Assert.Equal((12, 7u, 5001u), (_dataplane.Bound[12].InterfaceIndex, _dataplane.Bound[12].PortId, _dataplane.Bound[12].Vsid));
        Assert.Equal(12u, BlueRecord().Ifindex);
    }

    [Fact]
    public void Port_SetOtherwise_IsBoundAnewWithoutBeingUnbound()
    {
        Start();
        Tell(_network.Link(12, "v-blue1"));
        _dataplane.Calls.Clear();

        Put([Port() with { LearnLimit = 3, LearnSources = LearningSources.Dhcp | LearningSources.Nd, StormLimit = 100, DhcpGuard = true, RouterGuard = true }], Port());

        Assert.Equal(["apply", "bind 12", "apply"], _dataplane.Calls);
        Assert.Equal(
            new PortBinding(12, 7, 1, 5001, Port().Mac)
            {
                LearnLimit = 3, LearnSources = LearnSources.Dhcp | LearnSources.NeighborDiscovery, StormLimit = 100, DhcpGuard = true, RouterGuard = true,
            },
            _dataplane.Bound[12]);
    }

    [Fact]
    public void ProviderAddress_WhoseVlanIsNotThatOfTheUplink_IsNotUsedUntilItIs()
    {
        Start();
        ProviderAddressItem said = Pa("192.168.4.11") with { Vlan = 100 };
        SayOfOwn(said);

        Assert.Empty(_dataplane.LocalPas.Desired);
        ProviderAddressReport state = Assert.Single(_core.State.ProviderAddresses);
        Assert.Equal(("Invalid", "up0"), (state.State, state.Uplink));
        Assert.Contains(_core.State.Problems, static p => p.StartsWith("Provider address 192.168.4.11 is not used: up0 is no VLAN device, and the Host object says VLAN 100; give the agent", StringComparison.Ordinal));

        Tell(_network.Link(2, "up0", kind: "vlan", vlan: 200));
        Assert.Equal("up0 is the device of VLAN 200, and the Host object says 100", Assert.Single(_core.State.ProviderAddresses).Reason);
        Tell(_network.Link(2, "up0", kind: "vlan", vlan: 100));
        Assert.Equal(new ProviderAddressReport(said.Address, "Preferred", "up0", 24, null), Assert.Single(_core.State.ProviderAddresses));
        Assert.Single(_dataplane.LocalPas.Desired);
    }

    [Theory]
    [InlineData(AddressFlags.Tentative, "Tentative", false)]
    [InlineData(AddressFlags.Tentative | AddressFlags.DuplicateDetectionFailed, "Duplicate", false)]
    [InlineData(AddressFlags.Deprecated, "Deprecated", true)]
    [InlineData(AddressFlags.Permanent, "Preferred", true)]
    public void ProviderAddress_State_IsThatOfTheKernel(AddressFlags flags, string state, bool used)
    {
        Start();
        Tell(_network.Address(2, "192.168.4.11", flags: flags));

        Assert.Equal(state, Assert.Single(_core.State.ProviderAddresses).State);
        Assert.Equal(used ? 1 : 0, _dataplane.LocalPas.Desired.Count());
    }

    [Fact]
    public void ProviderAddress_ThatDiffersInWhatHasNoEffect_IsUsedAndTold()
    {
        Start();
        SayOfOwn(Pa("192.168.4.11") with { PrefixLength = 16, Mac = Model.Addressing.MacAddress.Parse("02:00:00:00:00:02"), Uplink = "up0" });

        Assert.Single(_dataplane.LocalPas.Desired);
        Assert.Contains("Provider address 192.168.4.11 is used, but up0 has it with a prefix length of 24, and the Host object says 16.", _core.State.Problems);
    }

    [Fact]
    public void ProviderRoutes_FoundAtTheStart_GoOnlyAfterABookmark()
    {
        var left = new RouteSpec(IPNetwork.Parse("10.0.0.0/8")) { Gateway = IPAddress.Parse("192.168.4.1"), InterfaceIndex = 2, Metric = 2, Table = Network.ProviderRoutes.Table, Protocol = Network.ProviderRoutes.Protocol };
        _network.SetRoute(left);
        _core.OnUpdate(new NetworkChanged(Policy(HostScope.Id, 1), [new ItemChange(null, Pa("192.168.4.11"))]));
        _core.Apply();
        Assert.Single(_network.OwnRoutes);

        Start();
        _core.Apply();
        Assert.Empty(_network.OwnRoutes);
    }

    [Fact]
    public void ProviderRoute_ThatGetsANextHop_TakesThePlaceOfTheOnLinkOneAndStays()
    {
        Start();
        ProviderRouteItem onLink = new(IPNetwork.Parse("10.0.0.0/8"), null, null, 0), via = onLink with { NextHop = IPAddress.Parse("192.168.4.1") };
        SayOfRoutes(new ItemChange(null, onLink));
        SayOfRoutes(new ItemChange(onLink, via));

        Assert.Equal("192.168.4.1", Assert.Single(_network.OwnRoutes, static r => r.Destination.PrefixLength == 8).Gateway?.ToString());
        SayOfRoutes(new ItemChange(via, onLink));
        Assert.Null(Assert.Single(_network.OwnRoutes, static r => r.Destination.PrefixLength == 8).Gateway);
    }

    [Fact]
    public void Rules_AreNotLookedAt_WhileNoProviderRouteIsInPolicyAndNoneStands()
    {
        Start();
        _core.Apply(); // After the sweep: what an agent before left would go.
        int listings = _network.RuleListings;
        Tell(new NetworkEvent.RulesChanged());
        Tell(_network.Link(2, "up0", kind: "", mtu: 1400));
        Assert.Equal(listings, _network.RuleListings);

        ProviderRouteItem route = new(IPNetwork.Parse("10.0.0.0/8"), IPAddress.Parse("192.168.4.1"), null, 0);
        SayOfRoutes(new ItemChange(null, route));
        Assert.Single(_network.Rules);
        SayOfRoutes(new ItemChange(route, null));
        Assert.Empty(_network.Rules);
        Assert.Empty(_network.OwnRoutes);
    }

    [Fact]
    public void ProviderRoute_ThatTheKernelRefuses_IsTriedAgainAfterAPauseOrAChange()
    {
        Start();
        _network.RouteRefusal = Errno.ENETDOWN;
        SayOfRoutes(new ItemChange(null, new ProviderRouteItem(IPNetwork.Parse("10.0.0.0/8"), IPAddress.Parse("192.168.4.1"), null, 0)));
        int tries = _network.RouteSettings;
        Assert.NotEqual(0, tries);
        Assert.False(_core.Apply());
        Assert.Equal(tries, _network.RouteSettings);

        _time.Advance(Network.ProviderRoutes.RetryPause);
        Assert.False(_core.Apply());
        Assert.Equal(2 * tries, _network.RouteSettings);
        _network.RouteRefusal = null;
        Tell(_network.Link(2, "up0", kind: "", mtu: 1400));
        Assert.Contains(_network.OwnRoutes, static r => r.Destination.PrefixLength == 8);
        Assert.True(_core.Apply());
    }

    [Fact]
    public void Group_ThatASubnetNeeds_IsJoinedAtTheUplinkAndLeftAfterwards()
    {
        Start(Port(), s_multicast, Member(pa: "192.168.4.11"));
        Assert.Empty(_network.Groups);

        Tell(_network.Link(12, "v-blue1"));
        Assert.Equal([(2, "239.1.1.1")], _network.Groups);
        PeerEntry group = _dataplane.Peers.Desired.Single(p => p.Key == KernelAddress.From(IPAddress.Parse("239.1.1.1"))).Value;
        Assert.Equal(2u, group.Uplink); // Where floods leave and come in.
        int lookups = _network.RouteLookups;
        Tell(_network.Group(2, "239.1.1.1"));
        Assert.Equal(lookups, _network.RouteLookups);

        Tell(_network.Group(2, "239.1.1.1", deleted: true)); // Somebody took it away.
        Assert.Equal([(2, "239.1.1.1")], _network.Groups);
        Tell(_network.Group(2, "239.1.1.1"));

        Tell(_network.Delete(12));
        Assert.Empty(_network.Groups);
    }

    [Fact]
    public void PreparedPort_WhoseAdapterWasHeard_IsActiveAndGetsWhatFloodsInTheSamePass()
    {
        _network.Link(12, "v-blue1");
        Start(Port() with { Prepared = true }, Subnet(), Member(pa: "192.168.4.22"), Items.Move());
        Assert.DoesNotContain(_dataplane.Members.Desired, static m => m.Value.Ifindex == 12);

        _dataplane.Activations[new MacKey(5001, Port().Mac)] = default;
        _core.Apply();
        Assert.Contains(_dataplane.Members.Desired, static m => m.Value.Ifindex == 12);
        Assert.Equal(PortStates.Active, PortState().State);
    }

    [Fact]
    public void VxlanPort_IsSetBeforeProgramsAreAttached_AndTakenAwayWithTheLastNetworkInVxlan()
    {
        _network.Link(12, "v-blue1");
        _core = NewCore(8472);
        _core.OnUpdate(new NetworkChanged(Policy(HostScope.Id, 1), [new ItemChange(null, Pa("192.168.4.11"))]));
        PolicyItem[] items = [Subnet(), Peer(), Record("10.0.0.5", pa: "192.168.4.11", port: "blue/blue1"), Port()];
        HeldNetworkPolicy blue = Policy(Blue, 10, items);
        _core.OnUpdate(new NetworkChanged(blue with { Encapsulation = Model.Resources.Encapsulation.Vxlan }, [.. items.Select(static i => new ItemChange(null, i))]));
        _core.OnUpdate(new BookmarkReached(10));
        Assert.True(_core.Apply());
        Assert.Equal(["vxlan 8472", "attach 2", "sweep", "bind 12", "apply"], _dataplane.Calls);

        _dataplane.Calls.Clear();
        _core.OnUpdate(new NetworkChanged(blue, []));
        _core.Apply();
        Assert.Equal("vxlan 0", _dataplane.Calls[0]);
    }

    [Fact]
    public void Groups_FoundAtTheStart_AreLeftOnlyAfterABookmarkAndIfTheyAreOurs()
    {
        Tell(_network.Group(2, "239.1.1.1"), _network.Group(2, "239.2.2.2"), _network.Group(2, "239.3.3.3", protocol: 0));
        _core.OnUpdate(new NetworkChanged(Policy(HostScope.Id, 1), [new ItemChange(null, Pa("192.168.4.11"))]));
        Tell(_network.Link(12, "v-blue1"));
        Assert.Equal(3, _network.Groups.Count);

        Start(Port(), s_multicast, Member(pa: "192.168.4.11"));
        _core.Apply();

        Assert.Equal([(2, "239.1.1.1"), (2, "239.3.3.3")], _network.Groups.Order());
    }

    [Fact]
    public void Group_BeyondWhatTheKernelAllows_IsAProblemWithItsRemedyAndHoldsTheRevisionBack()
    {
        _network.GroupRefusal = Errno.ENOBUFS;
        Start(Port(), s_multicast, Member(pa: "192.168.4.11"));
        Tell(_network.Link(12, "v-blue1"));

        Assert.False(_core.Apply());
        Assert.Equal(
            ["up0 cannot join 239.1.1.1, to which subnets flood: the kernel allows no more groups; raise the limit with `sysctl -w net.ipv4.igmp_max_memberships=1000`."],
            _core.State.Problems);

        _network.GroupRefusal = null;
        Assert.True(_core.Apply());
        Assert.Empty(_core.State.Problems);
    }

    private static readonly SubnetItem s_multicast = Subnet() with { Flooding = FloodingMode.Multicast, MulticastGroup = IPAddress.Parse("239.1.1.1") };

    [Fact]
    public void Port_WhoseInterfaceGoes_IsUnbound()
    {
        Start();
        Tell(_network.Link(12, "v-blue1"));
        Tell(_network.Delete(12));

        Assert.Equal(PortStates.Waiting, PortState().State);
        Assert.Empty(_dataplane.Bound);
        Assert.Equal(RecordFlags.Unusable, BlueRecord().Flags);
    }

    [Fact]
    public void Port_WhoseInterfaceIsMadeAnew_IsBoundAtTheNewOne()
    {
        Start();
        Tell(_network.Link(12, "v-blue1"));
        _dataplane.Calls.Clear();
        Tell(_network.Delete(12), _network.Link(13, "v-blue1"));

        Assert.Equal([13], _dataplane.Bound.Keys);
        Assert.Equal(["apply", "unbind 12", "bind 13", "apply"], _dataplane.Calls);
    }

    [Fact]
    public void Port_WhoseInterfaceIsMadeAnewWithTheSameIndex_IsBoundAnew()
    {
        Start();
        Tell(_network.Link(12, "v-blue1"));
        _dataplane.Calls.Clear();
        Tell(_network.Delete(12), _network.Link(12, "v-blue1"));
        Assert.Equal(["apply", "unbind 12", "bind 12", "apply"], _dataplane.Calls);
    }

    [Fact]
    public void Port_WhoseInterfaceIsRenamed_FollowsTheName()
    {
        Start();
        Tell(_network.Link(12, "v-blue1"));
        Tell(_network.Link(12, "other"));
        Assert.Equal(PortStates.Waiting, PortState().State);
        Assert.Empty(_dataplane.Bound);

        Tell(_network.Link(14, "v-new"));
        Tell(_network.Link(14, "v-blue1"));
        Assert.Equal([14], _dataplane.Bound.Keys);
    }

    [Fact]
    public void Port_WhoseOtherEndMoves_IsBoundAnew()
    {
        Start();
        Tell(_network.Link(12, "v-blue1", peerNamespace: null));
        _dataplane.Calls.Clear();
        Tell(_network.Link(12, "v-blue1", peerNamespace: 3));
        Assert.Contains("bind 12", _dataplane.Calls);
        Assert.DoesNotContain("unbind 12", _dataplane.Calls);
    }

    [Fact]
    public void Port_WhoseLinkOnlyGoesDown_IsLeftAlone()
    {
        Start();
        Tell(_network.Link(12, "v-blue1"));
        _dataplane.Calls.Clear();
        Tell(_network.Link(12, "v-blue1", flags: LinkFlags.None));
        Assert.Equal(["apply", "apply"], _dataplane.Calls);
    }

    [Fact]
    public void Port_AtABridgeMember_FailsAndRecovers()
    {
        Start();
        Tell(_network.Link(9, "br0", kind: "bridge"), _network.Link(12, "v-blue1", master: 9));
        Assert.Equal(PortStates.Failed, PortState().State);
        Assert.Contains("br0", PortState().Reason, StringComparison.Ordinal);
        Assert.Empty(_dataplane.Bound);

        Tell(_network.Link(12, "v-blue1"));
        Assert.Equal((PortStates.Bound, null), PortState());

        Tell(_network.Link(12, "v-blue1", master: 9));
        Assert.Equal(PortStates.Failed, PortState().State);
        Assert.Empty(_dataplane.Bound);
    }

    [Fact]
    public void Port_AtAnInterfaceWithAnAddressOfTheHost_Fails()
    {
        Start();
        Tell(_network.Link(12, "v-blue1"), _network.Address(12, "fe80::1"));
        Assert.Equal(PortStates.Bound, PortState().State);
        Tell(_network.Address(12, "172.16.0.1"));
        Assert.Contains("172.16.0.1", PortState().Reason, StringComparison.Ordinal);
        Tell(_network.Address(12, "172.16.0.1", deleted: true));
        Assert.Equal(PortStates.Bound, PortState().State);
    }

    [Fact]
    public void Port_AtTheUplink_FailsAndTheUplinkStays()
    {
        Start(Port(@interface: "up0"));
        Assert.Contains("uplink", PortState().Reason, StringComparison.Ordinal);
        Assert.Empty(_dataplane.Bound);
        Assert.Equal([2], _dataplane.Uplinks);
    }

    [Fact]
    public void TwoPorts_AtOneInterface_BindOneAndNameIt()
    {
        Start(Port(), Port("blue/blue2", number: 8, mac: "06:06:00:00:00:06"));
        Tell(_network.Link(12, "v-blue1"));
        Assert.Equal([PortStates.Bound, PortStates.Failed], _core.State.Ports.Select(p => p.State));
        Assert.Contains("blue/blue1", _core.State.Ports[1].Reason, StringComparison.Ordinal);

        Put([], Port());
        Assert.Equal("blue/blue2", Assert.Single(_core.State.Ports).Name);
        Assert.Equal(8u, _dataplane.Bound[12].PortId);
    }

    [Fact]
    public void Port_ThatTheKernelRefuses_FailsWithItsWordsAndIsTriedAgain()
    {
        Start();
        _dataplane.Unbindable.Add(12);
        Tell(_network.Link(12, "v-blue1"));
        Assert.Equal((PortStates.Failed, "interface 12 refuses"), PortState());

        _dataplane.Unbindable.Clear();
        _core.Apply();
        Assert.Equal(PortStates.Failed, PortState().State);
        _time.Advance(TimeSpan.FromSeconds(6));
        _core.Apply();
        Assert.Equal(PortStates.Bound, PortState().State);
    }

    [Fact]
    public void Port_ThatTheKernelDoesNotLetGo_IsUnboundLaterAndOnlyThenForgotten()
    {
        Start();
        Tell(_network.Link(12, "v-blue1"));
        _dataplane.Stuck.Add(12);
        Put([], Port());
        Assert.Equal((PortStates.Failed, "interface 12 does not let go"), PortState());
        Assert.Equal(RecordFlags.Unusable, BlueRecord().Flags);

        _dataplane.Stuck.Clear();
        _core.Apply();
        Assert.Equal([12], _dataplane.Bound.Keys);
        _time.Advance(TimeSpan.FromSeconds(6));
        _core.Apply();
        Assert.Empty(_dataplane.Bound);
        Assert.Empty(_core.State.Ports);
    }

    [Fact]
    public void Port_ThatTheKernelDoesNotLetGoAndThatReturns_CountsOnceAndIsToldOnceWhenItGoes()
    {
        Start();
        Tell(_network.Link(12, "v-blue1"));
        _dataplane.Counters.Clear();
        _dataplane.Traffic.Clear();
        _dataplane.Traffic.Add(new Hnv.Datapath.Reading.PortTraffic(7, 3, 300, 2, 200));
        _dataplane.Stuck.Add(12);
        Put([], Port());
        Assert.Empty(_counters.Left);

        _core.OnUpdate(Change([], [Port()]));
        _dataplane.Stuck.Clear();
        _time.Advance(TimeSpan.FromSeconds(6));
        _core.Apply();
        Assert.Equal((PortStates.Bound, null), PortState());
        Assert.Equal(2UL, Assert.Single(_counters.Before()).ToVmPackets);

        Put([], Port());
        Assert.Equal((3UL, 2UL), (Assert.Single(_counters.Left).FromVmPackets, _counters.Left[0].ToVmPackets));
    }

    [Fact]
    public void Port_ThatTheKernelDoesNotLetGo_IsBoundElsewhereOnceItDid()
    {
        Start();
        Tell(_network.Link(12, "v-blue1"));
        _dataplane.Stuck.Add(12);
        Tell(_network.Delete(12), _network.Link(13, "v-blue1"));
        Assert.Equal(PortStates.Failed, PortState().State);
        Assert.Equal([12], _dataplane.Bound.Keys);

        _dataplane.Stuck.Clear();
        _time.Advance(TimeSpan.FromSeconds(6));
        _core.Apply();
        Assert.Equal((PortStates.Bound, null), PortState());
        Assert.Equal([13], _dataplane.Bound.Keys);
    }

    [Fact]
    public void InterfacesThatPolicyDoesNotName_AreNeverTouched()
    {
        Start();
        _dataplane.Calls.Clear();
        Tell(_network.Link(12, "v-blue1"), _network.Link(20, "docker0", kind: "bridge"), _network.Link(21, "vnet5"), _network.Link(22, "eth1", kind: ""));
        Tell(_network.Delete(21));
        Assert.DoesNotContain(_dataplane.Calls, c => c.EndsWith("20", StringComparison.Ordinal) || c.EndsWith("21", StringComparison.Ordinal) || c.EndsWith("22", StringComparison.Ordinal));
    }

    [Fact]
    public void Overrun_ListsAnew_AndMakesSureOfEveryBinding()
    {
        Start();
        Tell(_network.Link(12, "v-blue1"));
        _network.Delete(12);
        _network.Link(15, "v-blue1");
        _dataplane.Calls.Clear();
        Tell(new NetworkEvent.Overrun());
        Assert.Equal([15], _dataplane.Bound.Keys);

        _dataplane.Calls.Clear();
        Tell(new NetworkEvent.Overrun());
        Assert.Contains("bind 15", _dataplane.Calls);
        Assert.Contains("attach 2", _dataplane.Calls);
    }

    [Fact]
    public void Sweep_IsAllowedByABookmarkAndByNothingElse()
    {
        _core.OnUpdate(Loaded());
        _core.Apply();
        _time.Advance(TimeSpan.FromHours(1));
        _core.Apply();
        Assert.False(_dataplane.SweepAllowed);
        Assert.Equal(0, _core.State.RealisedRevision);

        _core.OnUpdate(new BookmarkReached(9));
        _core.Apply();
        Assert.True(_dataplane.SweepAllowed);
        Assert.Equal(9, _core.State.RealisedRevision);
    }

    [Fact]
    public void Sweep_WaitsUntilTheUplinksAreAttached()
    {
        _dataplane.Uplinks.Add(2); // As an agent before left it.
        _dataplane.Unattachable.Add(2);
        _core.OnUpdate(Loaded());
        _core.OnUpdate(new BookmarkReached(9));
        Assert.False(_core.Apply());
        Assert.False(_dataplane.SweepAllowed);
        Assert.Equal([2], _dataplane.Uplinks);

        _dataplane.Unattachable.Clear();
        Assert.True(_core.Apply());
        Assert.True(_dataplane.SweepAllowed);
        Assert.Equal([2], _dataplane.Uplinks);
    }

    [Fact]
    public void FilterLost_MakesSureOfThePortOrUplinkOnly()
    {
        Start();
        Tell(_network.Link(12, "v-blue1"), _network.Link(13, "other"));
        _dataplane.Calls.Clear();
        Tell(new NetworkEvent.FilterLost(13));
        Assert.Equal(["apply", "apply"], _dataplane.Calls);

        _dataplane.Calls.Clear();
        Tell(new NetworkEvent.FilterLost(12), new NetworkEvent.FilterLost(2));
        _core.Apply();
        Assert.Equal(["attach 2", "apply", "bind 12", "apply", "apply", "apply"], _dataplane.Calls);
    }

    [Fact]
    public void Restart_OverAWorkingDataPlane_WaitsForTheControllerBeforeItAppliesTheCache()
    {
        Start();
        Tell(_network.Link(12, "v-blue1"));
        _core = NewCore();
        _dataplane.Calls.Clear();
        _core.OnUpdate(Loaded());
        Assert.False(_core.Apply());
        Assert.Empty(_dataplane.Calls);

        _core.OnUpdate(new BookmarkReached(11));
        Assert.True(_core.Apply());
        Assert.Equal(11, _core.State.RealisedRevision);
    }

    [Fact]
    public void Restart_WithoutAController_AppliesTheCacheAfterAWhile_PortsFirst()
    {
        Start();
        Tell(_network.Link(12, "v-blue1"));
        _core = NewCore();
        _core.OnUpdate(Loaded());
        _core.Apply();
        _dataplane.Calls.Clear();
        _time.Advance(AgentCore.CacheGrace);
        _core.Apply();
        Assert.Equal(["attach 2", "bind 12", "apply"], _dataplane.Calls);
        Assert.Equal(12u, BlueRecord().Ifindex);
    }

    [Fact]
    public void Restart_PortThatTheCacheDoesNotKnow_IsBoundBeforeTheSweep()
    {
        _network.Link(12, "v-blue1");
        Start();
        _core = NewCore();
        _core.OnUpdate(Change([], [Subnet(), Peer()]));
        _time.Advance(AgentCore.CacheGrace);
        _core.Apply();
        _dataplane.Calls.Clear();
        _core.OnUpdate(Change([], [Port(), Record("10.0.0.5", pa: "192.168.4.11", port: "blue/blue1")]));
        _core.OnUpdate(new BookmarkReached(11));
        _core.Apply();
        Assert.Equal(["sweep", "bind 12", "apply"], _dataplane.Calls);
    }

    [Fact]
    public void ColdStart_WithoutAController_ForwardsFromTheCacheAtOnce()
    {
        _network.Link(12, "v-blue1");
        _core.OnUpdate(Loaded());
        _core.Apply();
        Assert.Equal([12], _dataplane.Bound.Keys);
    }

    [Fact]
    public void Realised_IsWhatTheKernelTook()
    {
        Start();
        _dataplane.Failures = [new TableFailure("records", Errno.E2BIG, 3, 16384, 16384)];
        Put([Record("10.0.0.9")]);
        _core.OnUpdate(new BookmarkReached(20));
        Assert.False(_core.Apply());
        Assert.Equal(10, _core.State.RealisedRevision);
        Assert.Contains(_core.State.Problems, p => p.Contains("records", StringComparison.Ordinal) && p.Contains("full", StringComparison.Ordinal));

        _dataplane.Failures = [];
        Assert.True(_core.Apply());
        Assert.Equal(20, _core.State.RealisedRevision);
        Assert.Empty(_core.State.Problems);
    }

    [Fact]
    public void Uplink_ThatIsMissing_IsAProblemUntilItComes()
    {
        _network.Delete(2);
        Start();
        Assert.Contains(_core.State.Problems, p => p.Contains("up0", StringComparison.Ordinal));

        Tell(_network.Link(3, "up0", kind: ""), _network.Address(3, "192.168.4.11"), _network.Route("192.168.4.0/24", 3));
        Assert.Empty(_core.State.Problems);
        Assert.Equal([3], _dataplane.Uplinks);
        Assert.Equal(new LocalPaEntry(3), Assert.Single(_dataplane.LocalPas.Desired).Value);
        Assert.Equal(3u, Assert.Single(_dataplane.Peers.Desired).Value.Uplink);
    }

    [Fact]
    public void ProviderAddress_ThatIsMissing_IsAProblemUntilItComes()
    {
        _network.Address(2, "192.168.4.11", deleted: true);
        Start();
        Assert.Contains(_core.State.Problems, p => p.Contains("192.168.4.11", StringComparison.Ordinal));
        Assert.Equal(0, _dataplane.LocalPas.Count);

        Tell(_network.Address(2, "192.168.4.11"));
        Assert.Empty(_core.State.Problems);
        Assert.Equal(1, _dataplane.LocalPas.Count);
        Assert.Equal("192.168.4.11", Assert.Single(_dataplane.Peers.Desired).Value.Local.ToString());
    }

    [Fact]
    public void ProviderAddress_ThatIsTentative_DoesNotCount()
    {
        _network.Address(2, "192.168.4.11", flags: AddressFlags.Tentative);
        Start();
        Assert.Equal(0, _dataplane.LocalPas.Count);
    }

    [Fact]
    public void Peer_FollowsTheRoutes()
    {
        Start();
        Assert.Equal(new PeerEntry(IPAddress.Parse("192.168.4.11"), 2, 1500, PeerFlags.None), Assert.Single(_dataplane.Peers.Desired).Value);

        Tell(_network.Route("192.168.4.22/32", 2, mtu: 1400));
        Assert.Equal(1400u, Assert.Single(_dataplane.Peers.Desired).Value.Mtu);

        Tell(_network.Link(2, "up0", kind: "", mtu: 1300));
        Assert.Equal(1300u, Assert.Single(_dataplane.Peers.Desired).Value.Mtu);

        Tell(_network.Link(30, "eth9", kind: ""), _network.Route("192.168.4.22/32", 30));
        Assert.Equal(PeerEntry.Unreachable(), Assert.Single(_dataplane.Peers.Desired).Value);
        Assert.Contains(_core.State.Problems, p => p.Contains("192.168.4.22", StringComparison.Ordinal));

        Tell(_network.Route("192.168.4.22/32", 30, deleted: true));
        Assert.Equal(1300u, Assert.Single(_dataplane.Peers.Desired).Value.Mtu);
    }

    [Fact]
    public void UplinkInAVrf_IsTheWayToThePeersOfTheVrfsTable()
    {
        Start();
        Tell(_network.Link(40, "vrf1", kind: "vrf"), _network.Link(2, "up0", master: 40, kind: ""));
        Assert.Equal(PeerEntry.Unreachable(), Assert.Single(_dataplane.Peers.Desired).Value); // main's route is none of the VRF's

        Tell(_network.Route("192.168.4.0/24", 2, mtu: 1400, table: 40));
        Assert.Equal((2u, 1400u), Assert.Single(_dataplane.Peers.Desired).Value is var way ? (way.Uplink, way.Mtu) : default);
    }

    [Fact]
    public void RouteThatConcernsNoPeer_CostsNoLookup()
    {
        Start();
        int before = _network.RouteLookups;
        Tell(_network.Route("10.77.0.0/16", 2));
        Assert.Equal(before, _network.RouteLookups);
    }

    [Fact]
    public void UplinkThatIsNotOursAnyMore_IsDetachedOnceInSync()
    {
        _dataplane.Uplinks.Add(44);
        _core.OnUpdate(Loaded());
        _core.Apply();
        Assert.Contains(44, _dataplane.Uplinks);
        _core.OnUpdate(new BookmarkReached(1));
        _core.Apply();
        Assert.Equal([2], _dataplane.Uplinks);
    }

    private static NetworkChanged Loaded() => Change([], [Subnet(), Port(), Peer(), Record("10.0.0.5", pa: "192.168.4.11", port: "blue/blue1")]);

    private static NetworkChanged Change(PolicyItem[] gone, PolicyItem[] items) =>
        new(Policy(Blue, 1, items), [.. gone.Select(i => new ItemChange(i, null)), .. items.Select(i => new ItemChange(null, i))]);

    private AgentCore NewCore(ushort vxlanPort = AgentOptions.DefaultVxlanPort) =>
        new(["up0"], _dataplane, _network, _counters, _time, NullLoggerFactory.Instance, vxlanPort);

    /// <summary>In sync at revision 10: blue with its subnet, a peer, a record at the port and the ports.</summary>
    private void Start(params PolicyItem[] ports)
    {
        _core.OnUpdate(new NetworkChanged(Policy(HostScope.Id, 1), [new ItemChange(null, Pa("192.168.4.11"))]));
        _blue.AddRange(ports.Length > 0 ? ports : [Port()]);
        _core.OnUpdate(Change([], [.. _blue.OfType<SubnetItem>().Any() ? Array.Empty<PolicyItem>() : [Subnet()], Peer(), Record("10.0.0.5", pa: "192.168.4.11", port: "blue/blue1"), .. _blue]));
        _core.OnUpdate(new BookmarkReached(10));
        Assert.True(_core.Apply());
    }

    private void SayOfOwn(ProviderAddressItem said)
    {
        _core.OnUpdate(new NetworkChanged(Policy(HostScope.Id, 2), [new ItemChange(Pa("192.168.4.11"), said)]));
        _core.Apply();
    }

    private void SayOfRoutes(ItemChange change)
    {
        _core.OnUpdate(new NetworkChanged(Policy(HostScope.Id, 2), [change]));
        _core.Apply();
    }

    private void Put(PolicyItem[] items, params PolicyItem[] gone)
    {
        PolicyItem[] known = [.. gone.Select(g => _blue.Single(i => i.Key == g.Key))];
        _core.OnUpdate(Change(known, items));
        _core.Apply();
    }

    private void Tell(params NetworkEvent[] events)
    {
        foreach (NetworkEvent e in events)
        {
            _core.OnUpdate(e);
        }

        _core.Apply();
    }

    private (string State, string? Reason) PortState()
    {
        Ports.PortState port = Assert.Single(_core.State.Ports);
        return (port.State, port.State == PortStates.Waiting ? null : port.Reason);
    }

    private RecordEntry BlueRecord() => _dataplane.Records.TryGet(new RecordKey(5001, IPAddress.Parse("10.0.0.5")), out RecordEntry entry) ? entry : default;
}
