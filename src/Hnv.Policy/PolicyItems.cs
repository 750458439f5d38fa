using System.Net;
using System.Net.Sockets;
using Hnv.Api.Stream;
using Hnv.Model;
using Hnv.Model.Addressing;
using Hnv.Model.Resources;

namespace Hnv.Policy;

/// <summary>How one resource becomes policy items. Pure functions of the model.</summary>
internal static class PolicyItems
{
    /// <summary>What a host must know of itself.</summary>
    public static IEnumerable<PolicyItem> OfHost(Host host)
    {
        for (int i = 0; i < host.ProviderAddresses.Length; i++)
        {
            IPAddress address = host.ProviderAddresses[i];
            ProviderAddressTerms? terms = host.TermsOf(address);
            yield return new ProviderAddressItem(address, i) { PrefixLength = terms?.PrefixLength, Vlan = terms?.Vlan, Mac = terms?.Mac, Uplink = terms?.Uplink };
        }

        foreach (ProviderRoute route in host.ProviderRoutes)
        {
            yield return new ProviderRouteItem(route.Prefix, route.NextHop, route.Uplink, route.Metric);
        }
    }

    /// <summary>What follows from the network alone: its subnets, on-link routes and customer routes.</summary>
    public static Dictionary<string, PolicyItem> OfNetwork(VmNetwork network)
    {
        var items = new Dictionary<string, PolicyItem>(StringComparer.Ordinal);
        foreach (VirtualSubnet subnet in network.Subnets)
        {
            Add(items, Subnet(subnet) with { OwnRoutes = network.UseExternalRouter });
            foreach (IPNetwork prefix in subnet.Prefixes)
            {
                Add(items, new RouteItem(prefix, subnet.Vsid, null, 0) { OfSubnet = network.UseExternalRouter });
            }
        }

        // On-link routes came first and stay; of the others the lowest metric wins, and the first one written among equals.
        foreach (CustomerRoute route in network.Routes.OrderBy(static r => r.Metric))
        {
            if (network.SubnetOf(route.NextHop) is { } home)
            {
                Add(items, new RouteItem(route.Prefix, home.Vsid, route.NextHop, route.Metric) { OfSubnet = network.UseExternalRouter });
            }
        }

        return items;
    }

    /// <summary>The record that answers for the address, as a host of that family shall know it; null when there is none.</summary>
    public static RecordItem? Record(CloudModel model, uint vsid, IPAddress customerAddress, AddressFamily family) =>
        RecordPrecedence.Effective(model, vsid, customerAddress) is { } effective ? Record(model, effective, family) : null;

    /// <inheritdoc cref="Record(CloudModel, uint, IPAddress, AddressFamily)"/>
    public static RecordItem Record(CloudModel model, EffectiveRecord record, AddressFamily family)
    {
        IPAddress? provider = record.Port is { } port ? ProviderAddress(model, port, family) : record.ProviderAddress;
        return new RecordItem(
            record.Vsid, record.CustomerAddress, record.Mac, provider, record.Type, record.Port is { } p ? PortName(p) : null, provider is null);
    }

    /// <summary>
    /// Where the port's host is reached from a host of that family. One that they do not have in common is named, too: the host then says that it
    /// knows no way.
    /// </summary>
    public static IPAddress? ProviderAddress(CloudModel model, Port port, AddressFamily family) =>
        port.Host is { } name ? model.FindHost(name)?.AddressFor(family) : null;

    /// <summary>The port as the host of that name shall know it: its own, or the one it moves to.</summary>
    public static PortItem Port(PolicyInput input, Port port, string hostName) =>
        port.MigratingTo is { } target && target.Host == hostName ? Port(input, port.Migrated()) with { Prepared = true } : Port(input, port);

    /// <summary>The adapter's move, as a host of that family shall know it; null when it stays, or its new host cannot be reached.</summary>
    public static MoveItem? Move(CloudModel model, Port port, AddressFamily family) =>
        port.MigratingTo is not null && ProviderAddress(model, port.Migrated(), family) is { } to
            ? new MoveItem(port.Vsid, port.Mac, PortName(port), ProviderAddress(model, port, family), to)
            : null;

    private static PortItem Port(PolicyInput input, Port port)
    {
        bool learns = input.Model.FindSubnet(port.Vsid) is { } subnet && port.Learns(subnet.Subnet);
        return new PortItem(PortName(port), input.PortNumbers.GetValueOrDefault(port.Id), port.Vsid, port.Interface ?? string.Empty, port.Mac)
        {
            LearnLimit = learns ? port.DynamicAddressLimit : 0,
            LearnSources = learns ? port.LearningSources : LearningSources.None,
            DhcpGuard = port.DhcpGuard,
            RouterGuard = port.RouterGuard,
            StormLimit = port.StormLimit,
            Lease4 = port.Leases.FirstOrDefault(static a => a.AddressFamily == AddressFamily.InterNetwork),
            Lease6 = port.Leases.FirstOrDefault(static a => a.AddressFamily == AddressFamily.InterNetworkV6),
        };
    }

    /// <summary>The adapter as a member of its subnet, as a host of that family shall know it; null where policy alone says who is where.</summary>
    public static MemberItem? Member(CloudModel model, Port port, AddressFamily family)
    {
        if (model.FindSubnet(port.Vsid) is not { Subnet: var subnet })
        {
            return null;
        }

        bool learns = port.Learns(subnet);
        return learns || subnet.Learning == LearningMode.Dynamic || subnet.Flooding != FloodingMode.None
            ? new MemberItem(port.Vsid, port.Mac, ProviderAddress(model, port, family), PortName(port), learns)
            : null;
    }

    public static string PortName(Port port) => $"{port.Tenant}/{port.Name}";

    /// <summary>How a third party's provider address wants the FlowID.</summary>
    public static FlowIdMode FlowId(CloudModel model, IPAddress address) =>
        model.OwnersOf(address).OfType<ProviderEndpoint>().FirstOrDefault()?.FlowId ?? FlowIdMode.Hash;

    /// <summary>The network a port takes part in; null while its names lead nowhere.</summary>
    public static VmNetwork? NetworkOf(CloudModel model, Port port) =>
        model.FindSubnet(port.Vsid) is { } subnet && subnet.Network.Id == port.VmNetworkId ? subnet.Network : null;

    private static SubnetItem Subnet(VirtualSubnet subnet) => new(
        subnet.Vsid,
        subnet.Name,
        SubnetAddressing.PrefixOf(subnet, AddressFamily.InterNetwork),
        SubnetAddressing.PrefixOf(subnet, AddressFamily.InterNetworkV6),
        SubnetAddressing.GatewayOf(subnet, AddressFamily.InterNetwork),
        SubnetAddressing.GatewayOf(subnet, AddressFamily.InterNetworkV6))
    {
        Learning = subnet.Learning,
        Flooding = subnet.Flooding,
        MulticastGroup = subnet.MulticastGroup,
        LearningAge = subnet.LearningAge == VirtualSubnet.DefaultLearningAge ? null : subnet.LearningAge,
        LearningEpoch = subnet.LearningEpoch,
        Forgotten = subnet.Forgotten.IsDefaultOrEmpty ? null : new ForgottenItems([.. subnet.Forgotten.Select(static f => new ForgottenItem(f.Epoch, f.Address, f.Port))]),
        RouterAdvertisements = subnet.EffectiveRouterAdvertisements,
        Pool = subnet.Pool is { } pool ? new PoolItem(pool.Gateway, pool.Dns, pool.Routes, pool.Mtu, pool.Domain, pool.LeaseSeconds) : null,
    };

    private static void Add(Dictionary<string, PolicyItem> items, PolicyItem item) => items.TryAdd(item.Key, item);
}
