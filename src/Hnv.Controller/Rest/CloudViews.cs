using System.Net;
using Hnv.Api.Reports;
using Hnv.Api.Resources;
using Hnv.Api.Rest;
using Hnv.Controller.Hosts;
using Hnv.Controller.Learning;
using Hnv.Model;
using Hnv.Model.Addressing;
using Hnv.Model.Resources;

namespace Hnv.Controller.Rest;

/// <summary>Views on the model. Tenant null: of all tenants.</summary>
internal static class CloudViews
{
    public static IEnumerable<VirtualSubnetView> VirtualSubnets(CloudModel model, string? tenant) =>
        from network in Networks(model, tenant)
        from s in network.Subnets
        select new VirtualSubnetView(
            s.Vsid, s.Name, network.Tenant, network.Name, network.RoutingDomainId, s.Prefixes,
            [.. s.Prefixes.Select(p => SubnetAddressing.GatewayOf(s, p))], model.PortsIn(s.Vsid).Count(), s.Learning, s.LearningAge, s.Flooding,
            s.MulticastGroup, s.EffectiveRouterAdvertisements, s.Pool is { } pool ? ResourceJson.ToElement(pool) : null,
            s.Pool is null ? null : model.PortsIn(s.Vsid).Sum(static p => p.Leases.Length));

    public static IEnumerable<CustomerRouteView> CustomerRoutes(CloudModel model, LearnedStore learned, string? tenant) =>
        Networks(model, tenant).SelectMany(n => Routes(model, learned, n));

    /// <summary>Who has an address: by policy, or else as it was learned; null when nobody has it.</summary>
    public static RecordView? RecordOf(CloudModel model, LearnedStore learned, VmNetwork network, uint vsid, IPAddress address) =>
        RecordPrecedence.Effective(model, vsid, address) is { } record ? Record(model, record)
        : learned.Find(network.RoutingDomainId)?.Find(new LearnedKey(vsid, address)) is { } found ? Record(found)
        : null;

    /// <summary>Subnet by subnet: what policy says, what was learned where policy says nothing, and the ports that have no address (yet).</summary>
    public static IEnumerable<RecordView> Records(CloudModel model, LearnedStore learned, string? tenant)
    {
        foreach (VmNetwork network in Networks(model, tenant))
        {
            ILookup<uint, LearnedRecord> found = (learned.Find(network.RoutingDomainId)?.Records() ?? []).ToLookup(static r => r.Key.Vsid);
            foreach (VirtualSubnet subnet in network.Subnets)
            {
                var taken = new HashSet<IPAddress>();
                foreach (EffectiveRecord record in RecordPrecedence.EffectiveIn(model, subnet.Vsid))
                {
                    taken.Add(record.CustomerAddress);
                    yield return Record(model, record);
                }

                LearnedRecord[] dynamic =
                [
                    .. found[subnet.Vsid].Where(r => !taken.Contains(r.Key.Address))
                        .OrderBy(static r => r.Key.Address.AddressFamily).ThenBy(static r => r.Key.Address.ToNumber()),
                ];
                foreach (LearnedRecord record in dynamic)
                {
                    yield return Record(record);
                }

                var holders = dynamic.Select(static r => r.Port).ToHashSet(StringComparer.Ordinal);
                foreach (Port port in model.PortsIn(subnet.Vsid).Where(p => p.VmNetworkId == network.Id && !p.AllAddresses.Any() && p.Learns(subnet) && !holders.Contains($"{p.Tenant}/{p.Name}")))
                {
                    yield return new RecordView(
                        subnet.Vsid, IPAddress.Any, port.Mac, RecordPrecedence.ProviderAddressOf(model, port), port.Host, $"{port.Tenant}/{port.Name}",
                        nameof(LookupRecordType.L2Only), port.Host is null, Unsynchronized: false);
                }
            }
        }
    }

    public static IEnumerable<ProviderRouteView> ProviderRoutes(CloudModel model) =>
        model.Hosts.SelectMany(static h => h.ProviderRoutes.Select(r => new ProviderRouteView(h.Name, r.Prefix, r.NextHop, r.Uplink, r.Metric)));

    public static IEnumerable<ProviderAddressView> ProviderAddresses(CloudModel model, HostRegistry hosts) =>
        model.Hosts.SelectMany(h => h.ProviderAddresses.Select((a, i) => ProviderAddress(h, a, i, hosts.Find(h.Name).ProviderAddresses.FirstOrDefault(r => a.Equals(r.Address)))))
            .Concat(model.ProviderEndpoints.Select(static e => new ProviderAddressView(e.ProviderAddress, null, e.Name, 0, e.FlowId)));

    private static ProviderAddressView ProviderAddress(Model.Resources.Host host, IPAddress address, int preference, ProviderAddressReport? report)
    {
        ProviderAddressTerms? terms = host.TermsOf(address);
        return new ProviderAddressView(
            address, host.Name, null, preference, FlowIdMode.Hash, report?.State ?? "unknown", report?.Reason, terms?.PrefixLength ?? report?.PrefixLength,
            terms?.Vlan, terms?.Mac, report?.Uplink ?? terms?.Uplink);
    }

    public static RecordView Record(CloudModel model, EffectiveRecord r) => new(
        r.Vsid, r.CustomerAddress, r.Mac, r.ProviderAddress,
        r.Port?.Host ?? (r.ProviderAddress is { } pa ? model.OwnersOf(pa).OfType<Model.Resources.Host>().FirstOrDefault()?.Name : null),
        r.Port is { } p ? $"{p.Tenant}/{p.Name}" : null, r.Type.ToString(), r.ProviderAddress is null, Unsynchronized: false);

    public static RecordView Record(LearnedRecord r) => new(
        r.Key.Vsid, r.Key.Address, r.Mac, r.ProviderAddress, r.Host, r.Port, nameof(LookupRecordType.Dynamic), r.Unusable || r.ProviderAddress is null,
        Unsynchronized: false, r.Reporter, r.LearnedAt, r.Source);

    /// <summary>A network's routes, on-link ones first.</summary>
    public static IEnumerable<CustomerRouteView> Routes(CloudModel model, LearnedStore learned, VmNetwork network)
    {
        var seen = new HashSet<(IPNetwork Prefix, uint? Vsid)>();
        foreach (VirtualSubnet subnet in network.Subnets)
        {
            foreach (IPNetwork prefix in subnet.Prefixes)
            {
                seen.Add((prefix, Where(subnet)));
                yield return View(network, prefix, null, 0, subnet.Vsid, RouteConditions.Active);
            }
        }

        foreach (CustomerRoute route in network.Routes.OrderBy(static r => r.Metric))
        {
            VirtualSubnet? subnet = network.SubnetOf(route.NextHop);
            string condition = !seen.Add((route.Prefix, Where(subnet))) ? RouteConditions.Superseded
                : subnet is null || RecordOf(model, learned, network, subnet.Vsid, route.NextHop) is null ? RouteConditions.NextHopMissing
                : RouteConditions.Active;
            yield return View(network, route.Prefix, route.NextHop, route.Metric, subnet?.Vsid, condition);
        }

        // With an external router a route counts in its subnet alone, else in the whole network.
        uint? Where(VirtualSubnet? subnet) => network.UseExternalRouter ? subnet?.Vsid : null;
    }

    private static CustomerRouteView View(
        VmNetwork n, IPNetwork prefix, IPAddress? nextHop, uint metric, uint? vsid, string condition) =>
        new(n.Tenant, n.Name, n.RoutingDomainId, prefix, nextHop, metric, vsid, condition);

    private static IEnumerable<VmNetwork> Networks(CloudModel model, string? tenant) =>
        tenant is null ? model.VmNetworks : model.OfTenant(tenant).OfType<VmNetwork>();
}
