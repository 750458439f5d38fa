using System.Net;
using FsCheck;
using FsCheck.Fluent;
using Hnv.Agent.Desired;
using Hnv.Agent.Sync;
using Hnv.Agent.Tests.Fakes;
using Hnv.Api.Stream;
using Hnv.Datapath.Layouts;
using Hnv.Model.Resources;
using static Hnv.Agent.Tests.Fakes.Items;

namespace Hnv.Agent.Tests.Desired;

public sealed class DesiredStatePropertyTests
{
    /// <summary>
    /// Any history of items put and deleted, networks detached, ports bound and unbound, addresses and ways that come and go leaves the
    /// tables that a rebuild from what is known in the end makes. Few keys, so that everything collides: two networks even claim the
    /// same subnets and ports.
    /// </summary>
    [Fact]
    public void AnyHistory_LeavesTheTablesOfARebuild() =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed => RunHistory(seed, 120)).Check(Config.QuickThrowOnFailure.WithMaxTest(300));

    private static bool RunHistory(int seed, int steps)
    {
        var random = new Random(seed);
        var incremental = new FakeDataplane();
        var state = new DesiredState(incremental);
        var world = new World();
        for (int i = 0; i < steps; i++)
        {
            world.Step(random, state);
        }

        var rebuilt = new FakeDataplane();
        rebuilt.Domains.Number(Blue);
        rebuilt.Domains.Number(Red);
        uint blue = incremental.Domains.Number(Blue);
        if (blue != rebuilt.Domains.Number(Blue))
        {
            rebuilt = new FakeDataplane();
            rebuilt.Domains.Number(Red);
            rebuilt.Domains.Number(Blue);
        }

        var rebuiltState = new DesiredState(rebuilt);
        world.Rebuild(rebuiltState, random);
        Assert.Equal(rebuiltState.Groups.Select(g => g.ToString()).Order(StringComparer.Ordinal), state.Groups.Select(g => g.ToString()).Order(StringComparer.Ordinal));
        Assert.Equal(rebuilt.Everything(), incremental.Everything());
        AssertSlotsAreWithoutGaps(incremental);
        return true;
    }

    private static void AssertSlotsAreWithoutGaps(FakeDataplane dataplane)
    {
        foreach (IGrouping<(NetworkUInt32 Vsid, bool Remote), uint> slots in
            dataplane.Members.Desired.Select(e => e.Key).GroupBy(k => (k.Vsid, k.Slot >= MemberKey.Remote), k => k.Slot & ~MemberKey.Remote))
        {
            Assert.Equal(Enumerable.Range(0, slots.Count()).Select(i => (uint)i), slots.Order());
            if (dataplane.Subnets.TryGet(new SubnetKey(slots.Key.Vsid), out SubnetEntry subnet))
            {
                Assert.Equal((uint)slots.Count(), slots.Key.Remote ? subnet.RemoteMembers : subnet.LocalMembers);
            }
        }
    }

    private sealed class World
    {
        private static readonly string[] s_addresses = ["192.168.4.11", "192.168.4.22", "192.168.4.33"];
        private static readonly Guid[] s_networks = [HostScope.Id, Blue, Red];

        private readonly Dictionary<Guid, Dictionary<string, PolicyItem>> _networks = [];
        private readonly Dictionary<string, (uint Vsid, int Index)> _bound = [];
        private readonly Dictionary<IPAddress, int> _present = [];
        private readonly Dictionary<IPAddress, PeerWay> _ways = [];

        public void Step(Random random, DesiredState state)
        {
            switch (random.Next(12))
            {
                case 0:
                    Guid gone = s_networks[random.Next(3)];
                    if (_networks.Remove(gone, out Dictionary<string, PolicyItem>? items))
                    {
                        state.OnUpdate(new NetworkDetached(Policy(gone, 1, items.Values)));
                        DropWays();
                    }

                    break;
                case 1 or 2:
                    string port = $"blue/p{random.Next(3)}";
                    if (random.Next(2) == 0)
                    {
                        _bound[port] = ((uint)(5001 + random.Next(2)), random.Next(10, 13));
                        state.PortBound(port, _bound[port].Vsid, _bound[port].Index);
                    }
                    else
                    {
                        _bound.Remove(port);
                        state.PortUnbound(port);
                    }

                    break;
                case 3:
                    var address = IPAddress.Parse(s_addresses[random.Next(3)]);
                    if (!_present.Remove(address))
                    {
                        _present[address] = random.Next(2, 4);
                    }

                    state.SetPresentAddresses(_present);
                    break;
                case 4:
                    var peer = IPAddress.Parse(s_addresses[random.Next(3)]);
                    if (state.Peers.Contains(peer))
                    {
                        PeerWay? way = random.Next(3) == 0 ? null : new PeerWay(IPAddress.Parse("192.168.4.11"), random.Next(2, 4), 1500 + (random.Next(3) * 50));
                        _ways.Remove(peer);
                        if (way is not null)
                        {
                            _ways[peer] = way;
                        }

                        state.SetWay(peer, way);
                    }

                    break;
                default:
                    Change(random, state);
                    break;
            }
        }

        public void Rebuild(DesiredState state, Random random)
        {
            if (random.Next(2) == 0)
            {
                Bind(state);
            }

            foreach ((Guid network, Dictionary<string, PolicyItem> items) in _networks.OrderBy(_ => random.Next()))
            {
                HeldNetworkPolicy policy = Policy(network, 1, items.Values);
                state.OnUpdate(new NetworkChanged(policy, [.. items.Values.OrderBy(_ => random.Next()).Select(i => new ItemChange(null, i))]));
            }

            Bind(state);
            state.SetPresentAddresses(_present);
            foreach ((IPAddress peer, PeerWay way) in _ways)
            {
                state.SetWay(peer, way);
            }
        }

        private void Bind(DesiredState state)
        {
            foreach ((string port, (uint vsid, int index)) in _bound)
            {
                state.PortBound(port, vsid, index);
            }
        }

        private void Change(Random random, DesiredState state)
        {
            PolicyItem item = Make(random);
            Guid network = item is ProviderAddressItem ? HostScope.Id : s_networks[random.Next(1, 3)];
            if (!_networks.TryGetValue(network, out Dictionary<string, PolicyItem>? items))
            {
                _networks.Add(network, items = []);
            }

            items.TryGetValue(item.Key, out PolicyItem? before);
            PolicyItem? after = before is not null && random.Next(3) == 0 ? null : item;
            items.Remove(item.Key);
            if (after is not null)
            {
                items.Add(item.Key, after);
            }

            state.OnUpdate(new NetworkChanged(Policy(network, 1, items.Values), [new ItemChange(before, after)]));
            DropWays();
        }

        /// <summary>A peer that nobody names loses its way; named again, it starts without.</summary>
        private void DropWays()
        {
            var named = _networks.Values.SelectMany(n => n.Values).OfType<PeerItem>().Select(p => p.ProviderAddress).ToHashSet();
            foreach (IPAddress peer in _ways.Keys.Where(p => !named.Contains(p)).ToArray())
            {
                _ways.Remove(peer);
            }
        }

        private static SubnetItem Learning(SubnetItem subnet, Random random)
        {
            var flooding = (FloodingMode)random.Next(3);
            return subnet with
            {
                Learning = (LearningMode)random.Next(2),
                Flooding = flooding,
                MulticastGroup = flooding == FloodingMode.Multicast ? IPAddress.Parse($"239.1.1.{random.Next(1, 3)}") : null,
                LearningEpoch = (uint)random.Next(2),
                OwnRoutes = random.Next(2) == 0,
            };
        }

        private static SubnetItem Pooled(SubnetItem subnet, Random random) => random.Next(2) == 0 ? subnet : subnet with
        {
            Prefix6 = IPNetwork.Parse("2001:db8:5001::/64"),
            Gateway6 = IPAddress.Parse($"2001:db8:5001::{random.Next(1, 3)}"),
            RouterAdvertisements = (RouterAdvertisementMode)random.Next(3),
            Pool = random.Next(3) == 0 ? null : new PoolItem(random.Next(2) == 0, [IPAddress.Parse("10.0.0.2")], [], random.Next(2) == 0 ? null : 1400, null, 600),
        };

        private static PortItem Leased(PortItem port, Random random) => port with
        {
            Number = (uint)random.Next(7, 9),
            Lease4 = random.Next(2) == 0 ? null : IPAddress.Parse($"10.0.0.{random.Next(50, 53)}"),
            Lease6 = random.Next(2) == 0 ? null : IPAddress.Parse("2001:db8:5001::50"),
        };

        private static PolicyItem Make(Random random)
        {
            uint vsid = (uint)(5001 + random.Next(2));
            string pa = s_addresses[random.Next(3)];
            string mac = $"06:06:00:00:00:0{random.Next(3)}";
            return random.Next(15) switch
            {
                0 => Pa(pa, random.Next(3)),
                1 => Pooled(Learning(Subnet(vsid, "10.0.0.0/24", $"10.0.0.{random.Next(1, 3)}"), random), random),
                10 or 11 or 12 => Member(mac.Replace(":00:0", ":01:0", StringComparison.Ordinal), random.Next(5) == 0 ? null : pa, $"blue/p{random.Next(3)}", vsid, random.Next(2) == 0),
                13 or 14 => Move(mac.Replace(":00:0", ":01:0", StringComparison.Ordinal), random.Next(5) == 0 ? null : pa, s_addresses[random.Next(3)], $"blue/p{random.Next(3)}", vsid),
                2 => Route($"10.0.{random.Next(2)}.0/24", vsid, random.Next(2) == 0 ? null : "10.0.0.9") with { OfSubnet = random.Next(2) == 0 },
                3 => Leased(Port($"blue/p{random.Next(3)}", $"v{random.Next(3)}", mac.Replace(":00:0", ":01:0", StringComparison.Ordinal), vsid) with { Prepared = random.Next(3) == 0 }, random),
                4 => Peer(pa, (FlowIdMode)random.Next(2)),
                _ => Record(
                    $"10.0.0.{random.Next(1, 6)}", random.Next(4) == 0 ? mac.Replace(":00:0", ":01:0", StringComparison.Ordinal) : mac,
                    random.Next(5) == 0 ? null : pa, random.Next(2) == 0 ? null : $"blue/p{random.Next(3)}", vsid,
                    (LookupRecordType)random.Next(4), random.Next(5) == 0),
            };
        }
    }
}
