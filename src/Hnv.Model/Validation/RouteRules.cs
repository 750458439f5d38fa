using System.Net;
using Hnv.Model.Addressing;
using Hnv.Model.Resources;

namespace Hnv.Model.Validation;

/// <summary>Customer routes beyond the on-link ones.</summary>
internal static class RouteRules
{
    public static void Check(Judgement judgement, AppliedChange change, VmNetwork network)
    {
        if (network.Routes.Length > ModelLimits.RoutesPerNetwork)
        {
            judgement.Add(change, "/routes", $"has {network.Routes.Length} routes", $"a VM network has at most {ModelLimits.RoutesPerNetwork}");
            return;
        }

        if (network.Subnets.Length > ModelLimits.SubnetsPerNetwork)
        {
            return;
        }

        Dictionary<(IPNetwork, uint, uint?), int> seen = [];
        for (int i = 0; i < network.Routes.Length; i++)
        {
            CustomerRoute route = network.Routes[i];
            VirtualSubnet? home = network.SubnetOf(route.NextHop);
            CheckPrefix(judgement, change, network, route, home, i);
            CheckNextHop(judgement, change, route, home, i);
            (IPNetwork, uint, uint?) key = (route.Prefix, route.Metric, network.UseExternalRouter ? home?.Vsid : null);
            if (!seen.TryAdd(key, i))
            {
                judgement.Add(
                    change, $"/routes/{i}", $"{route.Prefix} with metric {route.Metric} is already in /routes/{seen[key]}",
                    "give it another metric, or remove one of them");
            }
        }
    }

    private static void CheckPrefix(Judgement judgement, AppliedChange change, VmNetwork network, CustomerRoute route, VirtualSubnet? home, int index)
    {
        string field = $"/routes/{index}/prefix";
        if (AddressRules.OfRoutePrefix(route.Prefix) is { } problem)
        {
            judgement.Add(change, field, problem.What, problem.Remedy);
            return;
        }

        foreach (VirtualSubnet subnet in network.Subnets.Where(s => !network.UseExternalRouter || s.Vsid == home?.Vsid))
        {
            if (SubnetAddressing.PrefixOf(subnet, route.Prefix.BaseAddress.AddressFamily) is { } onLink && onLink.Covers(route.Prefix))
            {
                string how = onLink.Equals(route.Prefix) ? $"is on-link in subnet {subnet.Vsid}" : $"lies inside {onLink}, which is on-link in subnet {subnet.Vsid}";
                judgement.Add(change, field, $"{route.Prefix} {how}", "remove the route: subnets of the network are reached directly");
                return;
            }
        }
    }

    private static void CheckNextHop(Judgement judgement, AppliedChange change, CustomerRoute route, VirtualSubnet? home, int index)
    {
        string field = $"/routes/{index}/nextHop";
        if (route.NextHop.AddressFamily != route.Prefix.BaseAddress.AddressFamily)
        {
            judgement.Add(
                change, field, $"{route.NextHop} is {AddressRules.Family(route.NextHop)}, and {route.Prefix} is {AddressRules.Family(route.Prefix.BaseAddress)}",
                "a next hop is of its prefix's family");
            return;
        }

        // A prefix or gateway that is wrong itself is told there.
        string? what = home is not null
            ? AddressRules.OfCustomer(home, route.NextHop)?.What
            : $"{route.NextHop} is in no subnet of the network";
        if (what is not null)
        {
            judgement.Add(change, field, what, "a next hop is the address of a VM in one of the network's subnets");
        }
    }
}
