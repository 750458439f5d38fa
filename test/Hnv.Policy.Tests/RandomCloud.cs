using System.Collections.Immutable;
using System.Net;
using FsCheck;
using FsCheck.Fluent;
using Hnv.Model;
using Hnv.Model.Addressing;
using Hnv.Model.Resources;

namespace Hnv.Policy.Tests;

/// <summary>One random wish, small enough to be shrunk and read: everything follows from the numbers.</summary>
public sealed record Wish(int What, int Who, int A, int B, int C);

/// <summary>A small cloud in which random wishes collide often: 4 hosts, 3 networks in 2 tenants, 10 ports, 6 records, 3 endpoints.</summary>
internal static class RandomCloud
{
    public static readonly string[] Hosts = ["h0", "h1", "h2", "h3"];

    private static readonly IPAddress[] s_hostAddresses = [.. Enumerable.Range(1, 8).Select(static i => IPAddress.Parse($"192.168.4.{i}"))];

    private static readonly IPAddress[] s_endpoints = [.. Enumerable.Range(1, 3).Select(static i => IPAddress.Parse($"192.168.9.{i}"))];

    public static Arbitrary<Wish[][]> Histories { get; } = Arb.From(
        from length in Gen.Choose(1, 50)
        from history in StepGen().ArrayOf(length)
        select history,
        static history => Enumerable.Range(0, history.Length).Select(i => history.Where((_, j) => j != i).ToArray()));

    public static ResourceChange Change(Wish w) => (w.What % 12) switch
    {
        0 or 1 => Put(Host(w)),
        2 or 3 => Put(Network(w)),
        4 or 5 or 6 => Put(Port(w)),
        7 or 8 => Put(Record(w)),
        9 => Put(new ProviderEndpoint { Name = $"e{w.Who % 3}", ProviderAddress = s_endpoints[(w.C % 5 == 0 ? w.A : w.Who) % 3], FlowId = (FlowIdMode)(w.B % 2) }),
        10 => new ResourceChange(Port(w).Id, null),
        _ => Delete(w),
    };

    public static Wish[] Everything() =>
    [
        .. Enumerable.Range(0, 4).Select(i => new Wish(0, i, 1, 1, i)),
        .. Enumerable.Range(0, 3).Select(i => new Wish(2, i, 2, 1 + i, 1)),
        .. Enumerable.Range(0, 3).Select(i => new Wish(9, i, 0, 0, 1)),
        .. Enumerable.Range(0, 10).Select(i => new Wish(4, i, i % 5, i, i + 1)),
        .. Enumerable.Range(0, 6).Select(i => new Wish(7, i, i, 5 + i, 1 + i % 3)),
    ];

    private static Gen<Wish[]> StepGen() =>
        from wishes in Gen.Choose(1, 3)
        from step in WishGen().ArrayOf(wishes)
        select step;

    private static Gen<Wish> WishGen() =>
        from what in Gen.Choose(0, 11)
        from who in Gen.Choose(0, 99)
        from a in Gen.Choose(0, 99)
        from b in Gen.Choose(0, 99)
        from c in Gen.Choose(0, 99)
        select new Wish(what, who, a, b, c);

    private static ResourceChange Put(Resource resource) => new(resource.Id, resource);

    private static ResourceChange Delete(Wish w) => (w.A % 4) switch
    {
        0 => new ResourceChange(new ResourceId(ResourceKind.Host, null, Hosts[w.Who % 4]), null),
        1 => new ResourceChange(Network(w).Id, null),
        2 => new ResourceChange(Record(w).Id, null),
        _ => new ResourceChange(new ResourceId(ResourceKind.ProviderEndpoint, null, $"e{w.Who % 3}"), null),
    };

    /// <summary>IPv4 addresses move between hosts now and then; IPv6 ones are each host's own, first, last or alone.</summary>
    private static Host Host(Wish w)
    {
        int who = w.Who % 4;
        List<IPAddress> addresses = [s_hostAddresses[(2 * who + (w.A % 5 == 0 ? w.A : 0)) % 8]];
        if (w.B % 3 == 0)
        {
            addresses.Add(s_hostAddresses[2 * who + 1]);
        }

        if (w.C % 2 == 0)
        {
            addresses.Insert(w.C % 4 == 0 ? 0 : addresses.Count, IPAddress.Parse($"fd00::{who}:{w.C % 3}"));
            if (w.C % 8 == 2)
            {
                addresses.RemoveAll(static a => a.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork);
            }
        }

        return new Host
        {
            Name = Hosts[who],
            ProviderAddresses = [.. addresses.Distinct()],
            ProviderAddressTerms = w.C % 3 == 0 || addresses.Count == 0 ? [] : [new ProviderAddressTerms(addresses[0]) { PrefixLength = 16 + (uint)w.C % 8 }],
            ProviderRoutes = w.C % 5 == 0 ? [] : [new ProviderRoute { Prefix = IPNetwork.Parse($"10.{w.C % 3}.0.0/16"), Metric = (uint)w.C % 2 }],
        };
    }

    private static VmNetwork Network(Wish w)
    {
        int n = w.Who % 3;
        int subnets = 1 + w.A % 3;
        bool external = w.A % 4 == 1;
        return new VmNetwork
        {
            Name = n == 1 ? "same" : $"n{n}",
            Tenant = n == 2 ? "t2" : "t1",
            Encapsulation = (Encapsulation)(w.B % 2),
            UseExternalRouter = external,
            RoutingDomainId = new Guid(n + 1 + (w.C % 20 == 0 ? 100 : 0), 0, 0, [0, 0, 0, 0, 0, 0, 0, 0]),
            Subnets = [.. Enumerable.Range(0, subnets).Select(s => Learning(Subnet(n, s, w.B), s, w.C))],
            Routes = w.C % 3 == 0
                ? []
                :
                [
                    new CustomerRoute { Prefix = IPNetwork.Parse("0.0.0.0/0"), NextHop = Ca(0, 2 + w.B % 3), Metric = (uint)(w.C % 3) },
                    new CustomerRoute { Prefix = IPNetwork.Parse("0.0.0.0/0"), NextHop = Ca(0, 5), Metric = 3 },
                    .. external && subnets > 1 ? [new CustomerRoute { Prefix = IPNetwork.Parse("0.0.0.0/0"), NextHop = Ca(1, 5), Metric = (uint)(w.C % 3) }] : (CustomerRoute[])[],
                ],
        };
    }

    private static VirtualSubnet Subnet(int network, int index, int variant) => new()
    {
        Vsid = Vsid(network, index),
        Name = variant % 5 == 0 ? "named" : null,
        Prefixes = variant % 4 == 0
            ? [IPNetwork.Parse($"10.0.{index}.0/24")]
            : [IPNetwork.Parse($"10.0.{index}.0/24"), IPNetwork.Parse($"2001:db8:{index}::/64")],
        Gateways = variant % 7 == 0 ? [IPAddress.Parse($"10.0.{index}.254")] : [],
    };

    /// <summary>Subnet 0 of a network learns and floods now and then, subnet 1 has a pool that runs out.</summary>
    private static VirtualSubnet Learning(VirtualSubnet subnet, int index, int variant) => subnet with
    {
        Learning = index == 0 && variant % 3 == 1 ? LearningMode.Dynamic : LearningMode.Static,
        LearningAge = variant % 5 == 0 ? 60u : VirtualSubnet.DefaultLearningAge,
        Flooding = index == 0 ? (FloodingMode)(variant % 3) : FloodingMode.None,
        MulticastGroup = index == 0 && variant % 3 == 2 ? IPAddress.Parse($"239.1.1.{1 + variant % 2}") : null,
        Pool = index == 1 && variant % 4 != 0
            ? new AddressPool
            {
                Range = new AddressRange(Ca(index, 2 + variant % 2), Ca(index, 3)),
                Range6 = subnet.Prefixes.Length > 1
                    ? new AddressRange(IPAddress.Parse($"2001:db8:{index}::2"), IPAddress.Parse($"2001:db8:{index}::{3 + variant % 3}"))
                    : null,
                Dns = [.. Enumerable.Range(1, variant % 3).Select(i => Ca(0, i))],
            }
            : null,
    };

    private static Port Port(Wish w)
    {
        int network = w.Who % 3;
        int subnet = w.A % 3;
        return new Port
        {
            Name = $"p{w.Who % 10}",
            Tenant = network == 2 ? "t2" : "t1",
            VmNetwork = network == 1 ? "same" : $"n{network}",
            Vsid = Vsid(network, subnet),
            Host = w.B % 5 == 4 ? null : Hosts[w.B % 5],
            Interface = w.B % 5 == 4 ? null : $"v{w.Who % 10}",
            MigratingTo = w.B % 5 != 4 && w.C % 6 == 0
                ? new MigrationTarget(Hosts[(w.B % 5 + 1 + w.A % 3) % 4], w.A % 2 == 0 ? null : $"w{w.Who % 10}")
                : null,
            Mac = new MacAddress(0x060600000000UL + (uint)(w.Who % 10) + (w.C % 9 == 0 ? 0x100UL : 0)),
            Addresses = (w.C % 4) switch
            {
                0 => [],
                1 => [Ca(subnet, 2 + w.C % 11)],
                _ => [Ca(subnet, 2 + w.C % 11), IPAddress.Parse($"2001:db8:{subnet}::{2 + w.C % 11:x}")],
            },
            Learning = (w.C % 5) switch { 0 => LearningMode.Dynamic, 1 => LearningMode.Static, _ => null },
            DynamicAddressLimit = w.C % 7 == 0 ? 3u : 16,
            LearningSources = w.C % 3 == 0 ? LearningSources.Dhcp | LearningSources.Arp : LearningSources.All,
            DhcpGuard = w.A % 7 == 0,
            RouterGuard = w.A % 7 == 1,
            StormLimit = w.A % 7 == 2 ? 100u : 0,
        };
    }

    private static LookupRecord Record(Wish w)
    {
        int network = w.Who % 3;
        int subnet = w.A % 2;
        return new LookupRecord
        {
            Name = $"r{w.Who % 6}",
            Tenant = network == 2 ? "t2" : "t1",
            Vsid = Vsid(network, subnet),
            CustomerAddress = Ca(subnet, 2 + w.B % 11),
            Mac = new MacAddress(0x060600001000UL + (uint)(w.C % 5)),
            ProviderAddress = w.C % 4 == 0 ? s_hostAddresses[w.B % s_hostAddresses.Length] : s_endpoints[w.C % 3],
        };
    }

    private static uint Vsid(int network, int subnet) => (uint)(5000 + 100 * network + subnet);

    private static IPAddress Ca(int subnet, int host) => IPAddress.Parse($"10.0.{subnet}.{host}");
}
