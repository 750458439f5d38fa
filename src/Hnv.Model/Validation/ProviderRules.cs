using System.Collections.Immutable;
using System.Net;
using Hnv.Model.Addressing;
using Hnv.Model.Resources;

namespace Hnv.Model.Validation;

/// <summary>Hosts and endpoints: their addresses on the provider network.</summary>
internal static class ProviderRules
{
    private const uint MaxVlan = 4094; // IEEE 802.1Q: 0 is no VLAN, 4095 is reserved.

    public static void Check(Judgement judgement, AppliedChange change, Host host)
    {
        if (host.ProviderAddresses.Length > ModelLimits.ProviderAddressesPerHost)
        {
            judgement.Add(
                change, "/providerAddresses", $"has {host.ProviderAddresses.Length} addresses",
                $"a host has at most {ModelLimits.ProviderAddressesPerHost}");
            return;
        }

        for (int i = 0; i < host.ProviderAddresses.Length; i++)
        {
            IPAddress address = host.ProviderAddresses[i];
            string field = $"/providerAddresses/{i}";
            if (host.ProviderAddresses.AsSpan(0, i).Contains(address))
            {
                judgement.Add(change, field, $"{address} is there twice", "remove one of them");
            }
            else
            {
                Check(judgement, change, field, address);
            }
        }

        CheckTerms(judgement, change, host);
        CheckRoutes(judgement, change, host);
    }

    private static void CheckTerms(Judgement judgement, AppliedChange change, Host host)
    {
        for (int i = 0; i < host.ProviderAddressTerms.Length; i++)
        {
            ProviderAddressTerms terms = host.ProviderAddressTerms[i];
            int at = host.ProviderAddresses.IndexOf(terms.Address);
            if (at < 0 || host.TermsOf(terms.Address) != terms)
            {
                judgement.Add(change, "/providerAddresses", $"{terms.Address} is spoken of {(at < 0 ? "and is not there" : "twice")}", "say each address once");
                continue;
            }

            string field = $"/providerAddresses/{at}";
            int longest = terms.Address.GetMaxLength();
            if (terms.PrefixLength is { } length && (length == 0 || length > longest))
            {
                judgement.Add(change, $"{field}/prefixLength", $"{length} is no prefix length of {AddressRules.Family(terms.Address)}", $"a number from 1 to {longest}");
            }

            if (terms.Vlan is 0 or > MaxVlan)
            {
                judgement.Add(change, $"{field}/vlan", $"{terms.Vlan} is no VLAN", $"a number from 1 to {MaxVlan}; leave it out where there is none");
            }

            if (terms.Mac is { } mac && AddressRules.OfVm(mac) is { } problem)
            {
                judgement.Add(change, $"{field}/mac", problem.What, "give the MAC address of the uplink, or leave it out");
            }

            CheckUplink(judgement, change, $"{field}/uplink", terms.Uplink);
        }
    }

    private static void CheckRoutes(Judgement judgement, AppliedChange change, Host host)
    {
        if (host.ProviderRoutes.Length > ModelLimits.ProviderRoutesPerHost)
        {
            judgement.Add(
                change, "/providerRoutes", $"has {host.ProviderRoutes.Length} routes", $"a host has at most {ModelLimits.ProviderRoutesPerHost}");
            return;
        }

        Dictionary<(IPNetwork, uint), int> seen = [];
        for (int i = 0; i < host.ProviderRoutes.Length; i++)
        {
            ProviderRoute route = host.ProviderRoutes[i];
            string field = $"/providerRoutes/{i}";
            if (AddressRules.OfRoutePrefix(route.Prefix) is { } problem)
            {
                judgement.Add(change, $"{field}/prefix", problem.What, problem.Remedy);
            }

            CheckNextHop(judgement, change, $"{field}/nextHop", route);
            CheckUplink(judgement, change, $"{field}/uplink", route.Uplink);
            if (route.Metric > ModelLimits.ProviderRouteMetric)
            {
                judgement.Add(change, $"{field}/metric", $"{route.Metric} is out of range", $"a whole number up to {ModelLimits.ProviderRouteMetric}");
            }

            if (!seen.TryAdd((route.Prefix, route.Metric), i))
            {
                judgement.Add(
                    change, field, $"{route.Prefix} with metric {route.Metric} is already in /providerRoutes/{seen[(route.Prefix, route.Metric)]}",
                    "give it another metric, or remove one of them");
            }
        }
    }

    private static void CheckNextHop(Judgement judgement, AppliedChange change, string field, ProviderRoute route)
    {
        if (route.NextHop is not { } hop)
        {
            return;
        }

        if (hop.AddressFamily != route.Prefix.BaseAddress.AddressFamily)
        {
            judgement.Add(
                change, field, $"{hop} is {AddressRules.Family(hop)}, and {route.Prefix} is {AddressRules.Family(route.Prefix.BaseAddress)}",
                "a next hop is of its prefix's family");
        }
        else if (hop.IsIPv6LinkLocal && route.Uplink is null)
        {
            judgement.Add(change, field, $"{hop} is link-local, and means nothing without its link", "name the uplink");
        }
        else if (AddressRules.OfServer(hop) is { } problem)
        {
            judgement.Add(change, field, problem.What, "give the unicast address of a router, or leave it out for what is on-link");
        }
    }

    private static void CheckUplink(Judgement judgement, AppliedChange change, string field, string? name)
    {
        if (name is not null && NameRules.InterfaceProblem(name) is { } problem)
        {
            judgement.Add(change, field, problem, "write the name of an interface that the agent has as --uplink");
        }
    }

    public static void Check(Judgement judgement, AppliedChange change, ProviderEndpoint endpoint) =>
        Check(judgement, change, "/providerAddress", endpoint.ProviderAddress);

    private static void Check(Judgement judgement, AppliedChange change, string field, IPAddress address)
    {
        if (AddressRules.OfProvider(address) is { } problem)
        {
            judgement.Add(change, field, problem.What, problem.Remedy);
            return;
        }

        foreach (Resource owner in judgement.Next.OwnersOf(address))
        {
            if (judgement.ComesBefore(owner.Id, change.Id))
            {
                judgement.Add(change, field, $"{address} is {judgement.UsedBy(owner.Id)}", "a provider address belongs to one host or endpoint");
            }
        }
    }
}
