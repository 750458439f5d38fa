using System.Net;
using Hnv.Model;
using Hnv.Model.Addressing;
using Hnv.Model.Resources;

namespace Hnv.Cli.Import;

/// <summary>
/// Customer routes as VM networks: one for each routing domain, with a subnet for each VSID, whose prefixes are the on-link routes
/// (docs/design/netwnv.md).
/// </summary>
/// <param name="externalRouter">What the hosts' UseExternalRouter says; every network gets it.</param>
internal sealed class NetworkTranslation(ImportOptions options, ImportFindings findings, bool externalRouter)
{
    private readonly Dictionary<Guid, Draft> _drafts = [];
    private readonly Dictionary<uint, CustomerRouteRow> _vsids = [];
    private readonly HashSet<(uint Home, CustomerRoute Route)> _known = [];
    private Dictionary<string, int>? _ends;

    /// <summary>The networks, in the order of their first rows.</summary>
    public List<VmNetwork> Networks { get; } = [];

    /// <summary>VSID → where it is now.</summary>
    public Dictionary<uint, (VmNetwork Network, VirtualSubnet Subnet)> Subnets { get; } = [];

    /// <summary>Where a network's first row stood.</summary>
    public Dictionary<ResourceId, ExportRow> Sources { get; } = [];

    /// <summary>Where a network's route stood.</summary>
    public ExportRow RowOf(VmNetwork network, CustomerRoute route) =>
        _drafts[network.RoutingDomainId].Routes.First(r => r.Route.Equals(route)).Row;

    public void Translate(IReadOnlyList<CustomerRouteRow> rows)
    {
        foreach (CustomerRouteRow row in rows)
        {
            Place(row);
        }

        foreach (CustomerRouteRow row in rows.Where(r => r.IsOnLink && IsPlaced(r)))
        {
            AddPrefix(row);
        }

        foreach (CustomerRouteRow row in rows.Where(r => !r.IsOnLink && IsPlaced(r)))
        {
            AddRoute(row);
        }

        HashSet<ResourceId> names = [];
        foreach (Draft draft in _drafts.Values)
        {
            Finish(draft, names);
        }
    }

    private bool IsPlaced(CustomerRouteRow row) => _vsids.TryGetValue(row.Vsid, out CustomerRouteRow? first) && first.RoutingDomainId == row.RoutingDomainId;

    private void Place(CustomerRouteRow row)
    {
        if (!_vsids.TryAdd(row.Vsid, row) && !IsPlaced(row))
        {
            findings.Error(
                row.Row, "RoutingDomainID", $"VSID {row.Vsid} is in routing domain {row.RoutingDomainId:B} here, and in {_vsids[row.Vsid].RoutingDomainId:B} in {_vsids[row.Vsid].Row.Where}",
                "a virtual subnet belongs to one routing domain: remove the wrong route on the Hyper-V host");
            return;
        }

        if (!_drafts.TryGetValue(row.RoutingDomainId, out Draft? draft))
        {
            _drafts.Add(row.RoutingDomainId, draft = new Draft(row));
        }

        if (row.Row["CustomerID"] is { } customer && Guid.TryParse(customer, out Guid id) && id != Guid.Empty)
        {
            findings.NoteOnce(
                "CustomerID of routes", row.Row, "CustomerID", "a route has no such remark, and it is not taken over, here and in other rows",
                "the tenant of the VM network says whose it is: --tenant, or --network RDID=TENANT/NAME");
        }

        if (draft.Subnets.Count < ModelLimits.SubnetsPerNetwork || draft.Subnets.ContainsKey(row.Vsid))
        {
            draft.Subnets.TryAdd(row.Vsid, new VirtualSubnet { Vsid = row.Vsid });
        }
        else
        {
            _vsids.Remove(row.Vsid);
            findings.Error(row.Row, "VirtualSubnetID", $"routing domain {row.RoutingDomainId:B} has more than {ModelLimits.SubnetsPerNetwork} virtual subnets", "that is more than a VM network has");
        }
    }

    private void AddPrefix(CustomerRouteRow row)
    {
        Draft draft = _drafts[row.RoutingDomainId];
        VirtualSubnet subnet = draft.Subnets[row.Vsid];
        if (row.Metric != 0)
        {
            findings.NoteOnce(
                "Metric of on-link routes", row.Row, "Metric", $"{row.Metric} of an on-link route is not taken over, here and in other rows", "nothing is to do: no other route goes before what is on-link");
        }

        if (subnet.Prefixes.Contains(row.Prefix))
        {
            return; // Every host tells it.
        }

        if (SubnetAddressing.PrefixOf(subnet, row.Prefix.BaseAddress.AddressFamily) is { } other)
        {
            findings.LeftOut(
                row.Row, "DestinationPrefix", $"{row.Prefix} is on-link in VSID {row.Vsid}, which has {other} already; a subnet has one prefix of each family",
                "give it a VSID of its own, or make it a route through a VM");
            return;
        }

        if (draft.Subnets.Values.FirstOrDefault(s => s.Prefixes.Any(p => p.Covers(row.Prefix) || row.Prefix.Covers(p))) is { } overlapping)
        {
            findings.LeftOut(
                row.Row, "DestinationPrefix", $"{row.Prefix} of VSID {row.Vsid} overlaps with VSID {overlapping.Vsid} of the same routing domain", "subnets of a routing domain do not overlap");
            return;
        }

        draft.Subnets[row.Vsid] = subnet with { Prefixes = subnet.Prefixes.Add(row.Prefix) };
    }

    private void AddRoute(CustomerRouteRow row)
    {
        Draft draft = _drafts[row.RoutingDomainId];
        VirtualSubnet? home = draft.Subnets.Values.FirstOrDefault(s => SubnetAddressing.Contains(s, row.NextHop));
        var route = new CustomerRoute { Prefix = row.Prefix, NextHop = row.NextHop, Metric = row.Metric };
        if (home is null)
        {
            findings.LeftOut(row.Row, "NextHop", $"{row.NextHop} is in no on-link prefix of the routing domain", "export the on-link routes (NextHop 0.0.0.0 or ::) of all its VSIDs, too");
        }
        else if (home.Prefixes.Any(p => SubnetAddressing.GatewayOf(home, p).Equals(row.NextHop)))
        {
            findings.LeftOut(
                row.Row, "NextHop", $"{row.NextHop} is the distributed gateway of VSID {home.Vsid}, which routes itself",
                "nothing is to do where it leads to subnets of the network; if a VM has the address, give the gateway another one in the subnet's gateways");
        }
        else if (draft.Subnets.Values.FirstOrDefault(s => (!externalRouter || s.Vsid == home.Vsid) && s.Prefixes.Any(p => p.Covers(row.Prefix))) is { } onLink)
        {
            findings.LeftOut(
                row.Row, "DestinationPrefix", $"{row.Prefix} is on-link in VSID {onLink.Vsid}, so no route through {row.NextHop} is asked",
                "nothing is to do, unless the hosts use an external router: then export Get-NetVirtualizationGlobal, too");
        }
        else if (_known.Contains((home.Vsid, route)))
        {
            return; // Every host tells it, and every subnet of the domain may.
        }
        else if (draft.Routes.Count >= ModelLimits.RoutesPerNetwork)
        {
            findings.Error(row.Row, null, $"routing domain {row.RoutingDomainId:B} has more than {ModelLimits.RoutesPerNetwork} routes", "that is more than a VM network has");
        }
        else if (draft.Routes.Find(r => (!externalRouter || r.Home == home.Vsid) && r.Route.Prefix.Equals(row.Prefix) && r.Route.Metric == row.Metric) is { } same)
        {
            findings.LeftOut(
                row.Row, "NextHop",
                $"{row.Prefix} with metric {row.Metric} leads to {same.Route.NextHop} already ({same.Row.Where}); "
                + $"here routes count for the whole {(externalRouter ? "subnet" : "routing domain")}",
                "give one of them another metric");
        }
        else
        {
            if (home.Vsid != row.Vsid)
            {
                findings.Note(
                    row.Row, "VirtualSubnetID",
                    $"the route is taken over with the VSID of its next hop, {home.Vsid}, and counts {(externalRouter ? "there alone" : "for all subnets of the routing domain")}");
            }

            _known.Add((home.Vsid, route));
            draft.Routes.Add(new PlacedRoute(home.Vsid, route, row.Row));
        }
    }

    private void Finish(Draft draft, HashSet<ResourceId> names)
    {
        foreach (VirtualSubnet bare in draft.Subnets.Values.Where(static s => s.Prefixes.IsEmpty).ToArray())
        {
            findings.LeftOut(_vsids[bare.Vsid].Row, "VirtualSubnetID", $"VSID {bare.Vsid} has no on-link prefix", "export its on-link route (NextHop 0.0.0.0 or ::), too");
            draft.Subnets.Remove(bare.Vsid);
        }

        if (draft.Subnets.Count == 0)
        {
            return;
        }

        Guid id = draft.First.RoutingDomainId;
        (string tenant, string name) = NameOf(id);
        var network = new VmNetwork
        {
            Name = name,
            Tenant = tenant,
            RoutingDomainId = id,
            UseExternalRouter = externalRouter,
            Subnets = [.. draft.Subnets.Values],
            Routes = [.. draft.Routes.Where(r => draft.Subnets.ContainsKey(r.Home)).Select(static r => r.Route)],
        };
        if (!names.Add(network.Id))
        {
            findings.Error(draft.First.Row, "RoutingDomainID", $"two routing domains would be called {network.Name}", "give them different names: --network RDID=NAME");
        }

        Networks.Add(network);
        Sources[network.Id] = draft.First.Row;
        foreach (VirtualSubnet subnet in network.Subnets)
        {
            Subnets[subnet.Vsid] = (network, subnet);
        }
    }

    /// <summary>As it is given; else the last digits of the identifier, and all where others end so, too.</summary>
    private (string Tenant, string Name) NameOf(Guid id)
    {
        if (options.Networks.TryGetValue(id, out (string? Tenant, string Name) given))
        {
            return (given.Tenant ?? options.Tenant, given.Name);
        }

        _ends ??= _drafts.Keys.CountBy(End).ToDictionary(StringComparer.Ordinal);
        return (options.Tenant, _ends[End(id)] > 1 ? $"rd-{id:N}" : $"rd-{End(id)}");
    }

    private static string End(Guid id) => id.ToString("N")[^12..];

    private sealed record PlacedRoute(uint Home, CustomerRoute Route, ExportRow Row);

    private sealed record Draft(CustomerRouteRow First)
    {
        public SortedDictionary<uint, VirtualSubnet> Subnets { get; } = [];

        public List<PlacedRoute> Routes { get; } = [];
    }
}
