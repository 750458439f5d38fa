using Hnv.Api.Rest;
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
            [.. s.Prefixes.Select(p => SubnetAddressing.GatewayOf(s, p))], model.PortsIn(s.Vsid).Count());

    public static IEnumerable<CustomerRouteView> CustomerRoutes(CloudModel model, string? tenant) =>
        Networks(model, tenant).SelectMany(n => Routes(model, n));

    public static IEnumerable<RecordView> Records(CloudModel model, string? tenant) =>
        from network in Networks(model, tenant)
        from s in network.Subnets
        from r in RecordPrecedence.EffectiveIn(model, s.Vsid)
        select Record(model, r);

    public static IEnumerable<ProviderAddressView> ProviderAddresses(CloudModel model) =>
        model.Hosts.SelectMany(static h => h.ProviderAddresses.Select((a, i) => new ProviderAddressView(a, h.Name, null, i, FlowIdMode.Hash)))
            .Concat(model.ProviderEndpoints.Select(static e => new ProviderAddressView(e.ProviderAddress, null, e.Name, 0, e.FlowId)));

    public static RecordView Record(CloudModel model, EffectiveRecord r) => new(
        r.Vsid, r.CustomerAddress, r.Mac, r.ProviderAddress,
        r.Port?.Host ?? (r.ProviderAddress is { } pa ? model.OwnersOf(pa).OfType<Model.Resources.Host>().FirstOrDefault()?.Name : null),
        r.Port is { } p ? $"{p.Tenant}/{p.Name}" : null, r.Type.ToString(), r.ProviderAddress is null, Unsynchronized: false);

    /// <summary>A network's routes, on-link ones first.</summary>
    public static IEnumerable<CustomerRouteView> Routes(CloudModel model, VmNetwork network)
    {
        var seen = new HashSet<System.Net.IPNetwork>();
        foreach (VirtualSubnet subnet in network.Subnets)
        {
            foreach (System.Net.IPNetwork prefix in subnet.Prefixes)
            {
                seen.Add(prefix);
                yield return View(network, prefix, null, 0, subnet.Vsid, RouteConditions.Active);
            }
        }

        foreach (CustomerRoute route in network.Routes.OrderBy(static r => r.Metric))
        {
            VirtualSubnet? subnet = network.Subnets.FirstOrDefault(s => SubnetAddressing.Contains(s, route.NextHop));
            string condition = !seen.Add(route.Prefix) ? RouteConditions.Superseded
                : subnet is null || RecordPrecedence.Effective(model, subnet.Vsid, route.NextHop) is null ? RouteConditions.NextHopMissing
                : RouteConditions.Active;
            yield return View(network, route.Prefix, route.NextHop, route.Metric, subnet?.Vsid, condition);
        }
    }

    private static CustomerRouteView View(
        VmNetwork n, System.Net.IPNetwork prefix, System.Net.IPAddress? nextHop, uint metric, uint? vsid, string condition) =>
        new(n.Tenant, n.Name, n.RoutingDomainId, prefix, nextHop, metric, vsid, condition);

    private static IEnumerable<VmNetwork> Networks(CloudModel model, string? tenant) =>
        tenant is null ? model.VmNetworks : model.OfTenant(tenant).OfType<VmNetwork>();
}
