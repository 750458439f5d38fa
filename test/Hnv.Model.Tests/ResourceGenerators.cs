using System.Collections.Immutable;
using System.Net;
using FsCheck;
using FsCheck.Fluent;
using Hnv.Model.Addressing;
using Hnv.Model.Resources;

namespace Hnv.Model.Tests;

/// <summary>Random resources of a small world, so that they meet: same names, subnets and addresses come again and again.</summary>
public static class ResourceGenerators
{
    private static readonly Gen<string> Name = Gen.Frequency((20, Gen.Elements("a", "b", "c-1")), (1, Gen.Elements("", "Bad", "x y", new string('n', 70))));
    private static readonly Gen<string> TenantName = Gen.Elements("a", "b");
    private static readonly Gen<uint> Vsid = Gen.Frequency((20, Gen.Elements(5001u, 5002u, 5003u)), (1, Gen.Elements(0u, 4095u, 16777215u)));
    private static readonly Gen<IPNetwork> Prefix = Gen.Frequency(
        (10, Gen.Elements("10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24", "2001:db8:1::/64", "2001:db8:2::/64").Select(p => IPNetwork.Parse(p))),
        (1, Gen.Elements("10.0.0.0/16", "10.0.0.0/29", "10.0.0.0/31", "0.0.0.0/0", "224.0.0.0/8", "::/0", "2001:db8:1::/127", "fe80::/64").Select(p => IPNetwork.Parse(p))));

    private static readonly Gen<IPAddress> Address = Gen.Frequency(
        (10, Gen.Elements("10.0.0.5", "10.0.0.9", "10.0.1.5", "10.0.2.5", "2001:db8:1::5", "2001:db8:2::5").Select(IPAddress.Parse)),
        (1, Gen.Elements("0.0.0.0", "10.0.0.0", "10.0.0.1", "10.0.0.255", "239.1.1.1", "255.255.255.255", "::", "2001:db8:1::", "2001:db8:1::1", "ff02::1", "fe80::1")
            .Select(IPAddress.Parse)));

    private static readonly Gen<IPAddress> ProviderAddress = Gen.Frequency(
        (10, Gen.Elements("192.168.4.11", "192.168.4.22", "192.168.4.33").Select(IPAddress.Parse)),
        (1, Gen.Elements("127.0.0.1", "239.0.0.1", "2001:db8::1").Select(IPAddress.Parse)));

    private static readonly Gen<MacAddress> Mac = Gen.Frequency(
        (10, Gen.Choose(1, 6).Select(i => new MacAddress(0x0606_0000_0000 + (ulong)i))),
        (1, Gen.Elements(0ul, 0xffff_ffff_fffful, 0x0248_4e56_0001ul).Select(v => new MacAddress(v))));

    private static Gen<VirtualSubnet> Subnet { get; } =
        from vsid in Vsid
        from name in Gen.OneOf(Gen.Constant<string?>(null), Name.Where(n => n.Length > 0).Select(n => (string?)n))
        from prefixes in Few(Prefix, 1, 2)
        from gateways in Gen.Frequency((5, Gen.Constant(ImmutableArray<IPAddress>.Empty)), (1, Few(Address, 1, 2)))
        from learning in Gen.Elements(Enum.GetValues<LearningMode>())
        from age in Gen.Elements(60u, 1200u, 86400u)
        from flooding in Gen.Elements(Enum.GetValues<FloodingMode>())
        from advertisements in Gen.Elements<RouterAdvertisementMode?>(null, null, RouterAdvertisementMode.Off, RouterAdvertisementMode.Slaac, RouterAdvertisementMode.Managed)
        from pool in Gen.Frequency((3, Gen.Constant<AddressPool?>(null)), (1, Pool))
        select new VirtualSubnet
        {
            Vsid = vsid,
            Name = name,
            Prefixes = prefixes,
            Gateways = gateways,
            Learning = learning,
            LearningAge = age,
            Flooding = flooding,
            MulticastGroup = flooding == FloodingMode.Multicast ? IPAddress.Parse("239.1.1.1") : null,
            RouterAdvertisements = advertisements,
            Pool = pool,
        };

    private static Gen<AddressPool?> Pool { get; } =
        from first in Address
        from last in Address
        from six in Gen.Elements(null, new AddressRange(IPAddress.Parse("2001:db8:1::5"), IPAddress.Parse("2001:db8:1::6")))
        from gateway in Gen.Elements(true, false)
        from dns in Few(Address, 0, 2)
        from routes in Few(from prefix in Prefix from hop in Address select new PoolRoute(prefix, hop), 0, 2)
        from mtu in Gen.Elements<uint?>(null, 576, 1458)
        from domain in Gen.Elements(null, "example.com", "-")
        from seconds in Gen.Elements(60u, AddressPool.DefaultLeaseSeconds)
        select (AddressPool?)new AddressPool
        {
            Range = new AddressRange(first, last),
            Range6 = six,
            Gateway = gateway,
            Dns = dns,
            Routes = routes,
            Mtu = mtu,
            Domain = domain,
            LeaseSeconds = seconds,
        };

    private static Gen<CustomerRoute> Route { get; } =
        from prefix in Gen.Frequency((1, Prefix), (3, Gen.Elements("0.0.0.0/0", "172.16.0.0/12", "::/0").Select(p => IPNetwork.Parse(p))))
        from nextHop in Address
        from metric in Gen.Choose(0, 3)
        select new CustomerRoute { Prefix = prefix, NextHop = nextHop, Metric = (uint)metric };

    private static Gen<ProviderRoute> ProviderRoute { get; } =
        from prefix in Gen.Elements("0.0.0.0/0", "192.168.5.0/24", "::/0").Select(p => IPNetwork.Parse(p))
        from nextHop in Gen.OneOf(Gen.Constant<IPAddress?>(null), ProviderAddress.Where(a => !a.Equals(IPAddress.Any) && !a.Equals(IPAddress.IPv6Any)).Select(a => (IPAddress?)a))
        from uplink in Gen.Elements(null, "eth1")
        from metric in Gen.Choose(0, 3)
        select new ProviderRoute { Prefix = prefix, NextHop = nextHop, Uplink = uplink, Metric = (uint)metric };

    /// <summary>Any resource.</summary>
    public static Gen<Resource> Resource { get; } = Gen.Frequency(
        (1, Name.Select(n => (Resource)new Tenant { Name = n })),
        (3, from name in Name from addresses in Few(ProviderAddress, 0, 2) from routes in Few(ProviderRoute, 0, 2) from said in Gen.Choose(0, 15)
            select (Resource)new Host
            {
                Name = name,
                ProviderAddresses = addresses,
                ProviderAddressTerms = said == 0 ? [] :
                [
                    .. addresses.Distinct().Take(1).Select(a => new ProviderAddressTerms(a)
                    {
                        PrefixLength = (said & 1) != 0 ? 24u : null,
                        Vlan = (said & 2) != 0 ? 100u : null,
                        Mac = (said & 4) != 0 ? MacAddress.Parse("00:15:5d:01:02:03") : null,
                        Uplink = (said & 8) != 0 ? "eth1" : null,
                    }),
                ],
                ProviderRoutes = routes,
            }),
        (1, from name in Name from address in ProviderAddress from flow in Gen.Elements(FlowIdMode.Hash, FlowIdMode.Zero)
            select (Resource)new ProviderEndpoint { Name = name, ProviderAddress = address, FlowId = flow }),
        (4, from name in Name from tenant in TenantName from id in Gen.Choose(0, 9) from subnets in Few(Subnet, 0, 3) from routes in Few(Route, 0, 2)
            from external in Gen.Elements(false, true)
            select (Resource)new VmNetwork
            {
                Name = name,
                Tenant = tenant,
                RoutingDomainId = id < 8 ? Guid.Empty : new Guid(id, 0, 0, new byte[8]),
                UseExternalRouter = external,
                Subnets = subnets,
                Routes = routes,
            }),
        (6, from name in Name from tenant in TenantName from network in Name from vsid in Vsid from host in Gen.OneOf(Gen.Constant<string?>(null), Name.Select(n => (string?)n))
            from nic in Gen.Elements("v-1", "v-2", "v-3", "a/b", null) from mac in Mac from addresses in Few(Address, 0, 2)
            from leases in Few(Address, 0, 1) from learning in Gen.Elements<LearningMode?>(null, LearningMode.Static, LearningMode.Dynamic)
            from limit in Gen.Elements(0u, 16u, 1024u) from sources in Gen.Choose(0, 31) from flags in Gen.Choose(0, 7)
            select (Resource)new Port
            {
                Name = name,
                Tenant = tenant,
                VmNetwork = network,
                Vsid = vsid,
                Host = host,
                Interface = nic,
                MigratingTo = limit == 1024 ? new MigrationTarget("h" + flags, nic) : null,
                Mac = mac,
                Addresses = addresses,
                Leases = leases,
                Learning = learning,
                DynamicAddressLimit = limit,
                LearningSources = (LearningSources)sources,
                DhcpGuard = (flags & 1) != 0,
                RouterGuard = (flags & 2) != 0,
                StormLimit = (flags & 4) != 0 ? 1000u : 0,
            }),
        (3, from name in Name from tenant in TenantName from vsid in Vsid from address in Address from mac in Mac from provider in ProviderAddress
            from type in Gen.Frequency((8, Gen.Constant(LookupRecordType.Static)), (1, Gen.Elements(Enum.GetValues<LookupRecordType>())))
            from remark in Gen.Elements(null, "{11111111-2222-3333-4444-000000005001}", "a b: \"c\"", "ü", "no\ttabs", "yes", "1.0")
            select (Resource)new LookupRecord
            {
                Name = name,
                Tenant = tenant,
                Vsid = vsid,
                CustomerAddress = address,
                Mac = mac,
                ProviderAddress = provider,
                Type = type,
                CustomerId = remark,
                Context = remark,
                VmName = remark,
            }));

    /// <summary>Resources whose form is right: names are not empty, VSIDs in range.</summary>
    public static Gen<Resource> Readable { get; } = Resource.Where(static r => r.Name.Length > 0 && r switch
    {
        VmNetwork network => network.Subnets.All(static s => VirtualSubnetId.IsValid(s.Vsid)),
        Port port => port.VmNetwork.Length > 0 && port.Host != "" && VirtualSubnetId.IsValid(port.Vsid),
        LookupRecord record => VirtualSubnetId.IsValid(record.Vsid),
        _ => true,
    });

    /// <summary>A few wishes: mostly puts, also deletions.</summary>
    public static Gen<ChangeSet> ChangeSet { get; } =
        from changes in Few(
            from resource in Resource from delete in Gen.Choose(0, 4) from document in Gen.Choose(0, 5)
            select new ResourceChange(resource.Id, delete == 0 ? null : resource, document), 1, 4)
        select new ChangeSet(changes);

    /// <summary>A model that nobody validated.</summary>
    public static Gen<CloudModel> Model { get; } = Few(Resource, 0, 30).Select(resources => resources.Aggregate(CloudModel.Empty, (m, r) => m.With(r)));

    /// <summary>A list of that many items.</summary>
    public static Gen<ImmutableArray<T>> Few<T>(Gen<T> gen, int min, int max) =>
        from count in Gen.Choose(min, max) from items in gen.ArrayOf(count) select items.ToImmutableArray();
}
