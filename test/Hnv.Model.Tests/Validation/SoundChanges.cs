using System.Collections.Immutable;
using System.Net;
using FsCheck;
using FsCheck.Fluent;
using Hnv.Model.Addressing;
using Hnv.Model.Resources;

namespace Hnv.Model.Tests.Validation;

/// <summary>
/// Changes of a small cloud that are right more often than not, so that models fill up and it is the subtle ones that are wrong: a
/// prefix narrowed under a port, a host that goes while a record leads to it.
/// </summary>
internal static class SoundChanges
{
    private static readonly (string Tenant, string Network, uint Vsid, string[] Prefixes, string[] Addresses)[] Subnets =
    [
        ("a", "a", 5001, ["10.0.0.0/24", "10.0.0.0/29", "2001:db8:1::/64"], ["10.0.0.5", "10.0.0.9", "10.0.0.1", "2001:db8:1::5"]),
        ("a", "a", 5002, ["10.0.1.0/24", "10.0.1.0/28"], ["10.0.1.5", "10.0.1.20"]),
        ("a", "b", 5003, ["10.0.0.0/24", "10.0.0.128/25"], ["10.0.0.5", "10.0.0.200"]),
        ("b", "a", 5004, ["10.0.0.0/24"], ["10.0.0.5", "10.0.0.6"]),
    ];

    private static readonly string[] ProviderAddresses = ["192.168.4.11", "192.168.4.22", "192.168.4.33"];

    private static readonly Gen<Resource> Host =
        from index in Gen.Choose(0, 2) from empty in Gen.Choose(0, 3) from name in Gen.Choose(0, 8)
        select (Resource)new Host
        {
            Name = $"h{(name == 0 ? 9 : index)}",
            ProviderAddresses = empty == 0 ? [] : [IPAddress.Parse(ProviderAddresses[index])],
        };

    private static readonly Gen<Resource> Endpoint =
        from index in Gen.Choose(0, 2) select (Resource)new ProviderEndpoint { Name = "e", ProviderAddress = IPAddress.Parse(ProviderAddresses[index]) };

    private static readonly Gen<Resource> Network =
        from network in Gen.Elements(("a", "a"), ("a", "b"), ("b", "a"))
        from keep in Gen.Choose(0, 15).ArrayOf(Subnets.Length)
        from variant in Gen.Choose(0, 7).ArrayOf(Subnets.Length)
        from moved in Gen.Choose(0, 9)
        select (Resource)new VmNetwork
        {
            Tenant = network.Item1,
            Name = network.Item2,
            Subnets =
            [
                .. Subnets.Select((s, i) => (s, i))
                    .Where(e => ((e.s.Tenant, e.s.Network) == network && keep[e.i] > 1) || (moved == 0 && keep[e.i] == 0))
                    .Select(e => new VirtualSubnet
                    {
                        Vsid = e.s.Vsid,
                        Prefixes = [IPNetwork.Parse(e.s.Prefixes[variant[e.i] % 2 % e.s.Prefixes.Length]), .. variant[e.i] > 1 ? e.s.Prefixes.Skip(2).Select(p => IPNetwork.Parse(p)) : []],
                        Gateways = variant[e.i] == 7 ? [IPAddress.Parse(e.s.Addresses[0])] : [],
                        Learning = (LearningMode)(keep[e.i] % 2),
                        Pool = e.s.Vsid == 5001 && keep[e.i] % 4 != 0 && variant[e.i] < 7 ? Pool(variant[e.i]) : null,
                    }),
            ],
        };

    /// <summary>Few addresses, of which a static port may have one: pools run out, and ranges move.</summary>
    private static AddressPool Pool(int variant) => new()
    {
        Range = new AddressRange(IPAddress.Parse(variant % 3 == 0 ? "10.0.0.4" : "10.0.0.5"), IPAddress.Parse("10.0.0.5")),
        Range6 = variant > 1 && variant % 2 == 0 ? new AddressRange(IPAddress.Parse("2001:db8:1::5"), IPAddress.Parse("2001:db8:1::6")) : null,
    };

    private static readonly Gen<Resource> Port =
        from subnet in Gen.Elements(Subnets) from name in Gen.Choose(0, 2) from host in Gen.Choose(-1, 2) from clash in Gen.Choose(0, 9)
        from all in Gen.SubListOf(subnet.Addresses) from own in Gen.Choose(0, 1) let addresses = own == 0 ? [] : all
        select (Resource)new Port
        {
            Tenant = subnet.Tenant,
            Name = $"p{name}",
            VmNetwork = subnet.Network,
            Vsid = subnet.Vsid,
            Host = host < 0 ? null : $"h{host}",
            Interface = clash == 0 ? "v" : $"v-{subnet.Tenant}{name}",
            MigratingTo = clash > 6 && host >= 0 ? new MigrationTarget($"h{(host + 1 + clash % 2) % 3}", clash == 7 ? "v" : null) : null,
            Mac = new MacAddress(clash == 1 ? 0x0606_0000_00fful : 0x0606_0000_0000 + (ulong)name),
            Addresses = [.. addresses.Take(2).Select(IPAddress.Parse)],
        };

    private static readonly Gen<Resource> Record =
        from subnet in Gen.Elements(Subnets) from name in Gen.Choose(0, 2) from address in Gen.Elements(subnet.Addresses)
        from provider in Gen.Elements(ProviderAddresses) from wildcard in Gen.Choose(0, 4)
        select (Resource)new LookupRecord
        {
            Tenant = subnet.Tenant,
            Name = $"r{name}",
            Vsid = subnet.Vsid,
            CustomerAddress = wildcard == 0 ? IPAddress.Any : IPAddress.Parse(address),
            Type = wildcard == 0 ? LookupRecordType.GatewayWildcard : LookupRecordType.Static,
            Mac = new MacAddress(0x0606_0000_0010),
            ProviderAddress = IPAddress.Parse(provider),
        };

    /// <summary>One to three changes, one in five a removal.</summary>
    public static Gen<ChangeSet> ChangeSet { get; } =
        from changes in ResourceGenerators.Few(
            from resource in Gen.Frequency((3, Host), (1, Endpoint), (3, Network), (4, Port), (2, Record)) from delete in Gen.Choose(0, 4)
            select new ResourceChange(resource.Id, delete == 0 ? null : resource), 1, 3)
        select new ChangeSet(changes);

    /// <summary>Sixty change sets, one after the other.</summary>
    public static Gen<ImmutableArray<ChangeSet>> History { get; } = ChangeSet.ArrayOf(60).Select(sets => sets.ToImmutableArray());
}
