using System.Net;
using System.Net.Sockets;
using Hnv.Model.Addressing;
using Hnv.Model.Resources;

namespace Hnv.Model.Validation;

/// <summary>Pools of addresses, and what is handed out with them.</summary>
internal static class PoolRules
{
    public static void Check(Judgement judgement, AppliedChange change, VirtualSubnet subnet, AddressPool pool, string at)
    {
        if (pool.Range is null && pool.Range6 is null)
        {
            judgement.Add(change, $"{at}/range", "is missing: the pool has no addresses", "give a range such as 10.0.0.50-10.0.0.99, or range6, or both");
        }

        CheckRange(judgement, change, subnet, pool.Range, AddressFamily.InterNetwork, $"{at}/range");
        CheckRange(judgement, change, subnet, pool.Range6, AddressFamily.InterNetworkV6, $"{at}/range6");
        CheckDns(judgement, change, pool, $"{at}/dns");
        CheckRoutes(judgement, change, subnet, pool, $"{at}/routes");
        CheckNumbers(judgement, change, subnet, pool, at);
        if (pool.Domain is { } domain && !IsDomain(domain))
        {
            judgement.Add(
                change, $"{at}/domain", $"'{NameRules.Shorten(domain)}' is not a DNS domain",
                "use letters, digits and '-' in labels of at most 63 characters with dots between them");
        }
    }

    private static void CheckRange(
        Judgement judgement, AppliedChange change, VirtualSubnet subnet, AddressRange? range, AddressFamily family, string field)
    {
        if (range is null)
        {
            return;
        }

        string name = family == AddressFamily.InterNetwork ? "IPv4" : "IPv6";
        if (range.First.AddressFamily != family || range.Last.AddressFamily != family)
        {
            judgement.Add(
                change, field, $"{range} is not a range of {name} addresses",
                family == AddressFamily.InterNetwork ? "IPv6 addresses go into range6" : "IPv4 addresses go into range");
            return;
        }

        if (range.First.ToNumber() > range.Last.ToNumber())
        {
            judgement.Add(change, field, $"{range} runs backwards", $"write {range.Last}-{range.First}");
            return;
        }

        if (SubnetAddressing.PrefixOf(subnet, family) is not { } prefix)
        {
            judgement.Add(change, field, $"subnet {subnet.Vsid} has no {name} prefix", "add a prefix to the subnet, or remove the range");
            return;
        }

        IPAddress gateway = SubnetAddressing.GatewayOf(subnet, prefix);
        IPAddress? outside = prefix.Covers(range.First) ? prefix.Covers(range.Last) ? null : range.Last : range.First;
        if (outside is not null)
        {
            judgement.Add(change, field, $"{outside} is outside {prefix} of subnet {subnet.Vsid}", $"give a range of {prefix}");
        }
        else if (range.Contains(gateway))
        {
            judgement.Add(
                change, field, $"{range} contains {gateway}, the distributed gateway of subnet {subnet.Vsid}",
                "begin or end the range elsewhere, or give the gateway another address in the subnet's gateways");
        }
        else if ((AddressRules.IsEdge(prefix, range.First) is { } first ? (range.First, first)
            : AddressRules.IsEdge(prefix, range.Last) is { } last ? (range.Last, last) : ((IPAddress, string)?)null) is var (address, edge))
        {
            judgement.Add(change, field, $"{address} is the {edge} address of {prefix}", "leave it out of the range");
        }
    }

    private static void CheckDns(Judgement judgement, AppliedChange change, AddressPool pool, string field)
    {
        if (pool.Dns.Length > ModelLimits.DnsServersPerPool)
        {
            judgement.Add(change, field, $"has {pool.Dns.Length} servers", $"a pool names at most {ModelLimits.DnsServersPerPool}");
            return;
        }

        for (int i = 0; i < pool.Dns.Length; i++)
        {
            if (pool.Dns.AsSpan(0, i).Contains(pool.Dns[i]))
            {
                judgement.Add(change, $"{field}/{i}", $"{pool.Dns[i]} is there twice", "remove one of them");
            }
            else if (AddressRules.OfServer(pool.Dns[i]) is { } problem)
            {
                judgement.Add(change, $"{field}/{i}", problem.What, problem.Remedy);
            }
        }
    }

    private static void CheckRoutes(Judgement judgement, AppliedChange change, VirtualSubnet subnet, AddressPool pool, string field)
    {
        if (pool.Routes.Length > ModelLimits.RoutesPerPool)
        {
            judgement.Add(change, field, $"has {pool.Routes.Length} routes", $"a pool gives out at most {ModelLimits.RoutesPerPool}");
            return;
        }

        HashSet<IPNetwork> seen = [];
        for (int i = 0; i < pool.Routes.Length; i++)
        {
            PoolRoute route = pool.Routes[i];
            if (route.Prefix.BaseAddress.AddressFamily != AddressFamily.InterNetwork)
            {
                judgement.Add(
                    change, $"{field}/{i}/prefix", $"{route.Prefix} is IPv6, and routes are given out by DHCPv4 (option 121)", "give an IPv4 prefix");
            }
            else if (!seen.Add(route.Prefix))
            {
                judgement.Add(change, $"{field}/{i}/prefix", $"{route.Prefix} is there twice", "remove one of them");
            }

            if (SubnetAddressing.PrefixOf(subnet, AddressFamily.InterNetwork) is { } prefix && !prefix.Covers(route.NextHop))
            {
                judgement.Add(
                    change, $"{field}/{i}/nextHop", $"{route.NextHop} is outside {prefix} of subnet {subnet.Vsid}",
                    $"a VM reaches a next hop directly: choose an address of {prefix}");
            }
        }

        if (!pool.Routes.IsEmpty && pool.Range is null)
        {
            judgement.Add(change, field, "are given out with IPv4 addresses, and the pool has none", "add a range, or remove the routes");
        }
    }

    private static void CheckNumbers(Judgement judgement, AppliedChange change, VirtualSubnet subnet, AddressPool pool, string at)
    {
        uint least = SubnetAddressing.PrefixOf(subnet, AddressFamily.InterNetworkV6) is null ? ModelLimits.PoolMtuMin : ModelLimits.PoolMtuMin6;
        if (pool.Mtu is { } mtu && (mtu < least || mtu > ModelLimits.PoolMtuMax))
        {
            judgement.Add(
                change, $"{at}/mtu", $"{mtu} is out of range",
                $"an MTU of {least} to {ModelLimits.PoolMtuMax} bytes can be given out{(least == ModelLimits.PoolMtuMin6 ? " in a subnet with IPv6" : "")}");
        }

        if (pool.LeaseSeconds is < ModelLimits.LeaseSecondsMin or > ModelLimits.LeaseSecondsMax)
        {
            judgement.Add(
                change, $"{at}/leaseSeconds", $"{pool.LeaseSeconds} s is out of range",
                $"a lease is {ModelLimits.LeaseSecondsMin} to {ModelLimits.LeaseSecondsMax} seconds");
        }
    }

    /// <summary>RFC 1123, 2.1, without a final dot.</summary>
    private static bool IsDomain(string text) => text.Length is > 0 and <= ModelLimits.DomainLength && text.Split('.').All(static label =>
        label.Length is > 0 and <= 63 && label[0] != '-' && label[^1] != '-' && label.All(static c => char.IsAsciiLetterOrDigit(c) || c == '-'));
}
