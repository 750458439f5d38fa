using System.Net;
using System.Net.Sockets;
using Hnv.Model.Addressing;
using Hnv.Model.Resources;

namespace Hnv.Model.Validation;

/// <summary>VM networks: identity, and the subnets they own.</summary>
internal static class VmNetworkRules
{
    private static readonly string VsidRemedy = $"VSIDs are {VirtualSubnetId.Min} to {VirtualSubnetId.Max} (RFC 7637 reserves the others)";

    public static void Check(Judgement judgement, AppliedChange change, VmNetwork network)
    {
        CheckIdentity(judgement, change, network);
        if (network.Subnets.Length > ModelLimits.SubnetsPerNetwork)
        {
            judgement.Add(change, "/subnets", $"has {network.Subnets.Length} subnets", $"a VM network has at most {ModelLimits.SubnetsPerNetwork}");
            return;
        }

        Dictionary<uint, int> seen = [];
        for (int i = 0; i < network.Subnets.Length; i++)
        {
            VirtualSubnet subnet = network.Subnets[i];
            CheckVsid(judgement, change, subnet.Vsid, i, seen);
            if (subnet.Name is { } name && !NameRules.IsValid(name))
            {
                judgement.Add(change, $"/subnets/{i}/name", $"'{NameRules.Shorten(name)}' is not a name", NameRules.Remedy);
            }

            CheckPrefixes(judgement, change, subnet, i);
            CheckGateways(judgement, change, subnet, i);
            LearningRules.Check(judgement, change, subnet, i);
        }

        CheckOverlaps(judgement, change, network);
    }

    private static void CheckIdentity(Judgement judgement, AppliedChange change, VmNetwork network)
    {
        const string Field = "/routingDomainId";
        if (change.Before is VmNetwork before && before.RoutingDomainId != network.RoutingDomainId)
        {
            judgement.Add(
                change, Field, $"cannot be changed to {network.RoutingDomainId:B}: the network is {before.RoutingDomainId:B}",
                "keep it or leave it out; for another routing domain make another network");
        }

        foreach (VmNetwork other in judgement.Next.NetworksOf(network.RoutingDomainId))
        {
            if (judgement.ComesBefore(other.Id, change.Id))
            {
                judgement.Add(
                    change, Field, $"{network.RoutingDomainId:B} is {judgement.UsedBy(other.Id)}", "leave it out and one is made");
            }
        }
    }

    private static void CheckVsid(Judgement judgement, AppliedChange change, uint vsid, int index, Dictionary<uint, int> seen)
    {
        string field = $"/subnets/{index}/vsid";
        if (!VirtualSubnetId.IsValid(vsid))
        {
            judgement.Add(change, field, $"VSID {vsid} is reserved or too large", VsidRemedy);
            return;
        }

        if (!seen.TryAdd(vsid, index))
        {
            judgement.Add(change, field, $"VSID {vsid} is already used by /subnets/{seen[vsid]} of this network", "a VSID is unique in the cloud; choose another");
            return;
        }

        foreach (SubnetRef other in judgement.Next.SubnetsOf(vsid))
        {
            if (judgement.ComesBefore(other.Network.Id, change.Id))
            {
                judgement.Add(change, field, $"VSID {vsid} is {judgement.UsedBy(other.Network.Id)}", "a VSID is unique in the cloud; choose another");
            }
        }
    }

    private static void CheckPrefixes(Judgement judgement, AppliedChange change, VirtualSubnet subnet, int index)
    {
        string field = $"/subnets/{index}/prefixes";
        if (subnet.Prefixes.IsEmpty)
        {
            judgement.Add(change, field, $"subnet {subnet.Vsid} has no prefix", "give an IPv4 prefix, an IPv6 prefix or both");
        }

        Dictionary<AddressFamily, IPNetwork> seen = [];
        for (int i = 0; i < subnet.Prefixes.Length; i++)
        {
            IPNetwork prefix = subnet.Prefixes[i];
            if (AddressRules.OfSubnetPrefix(prefix) is { } problem)
            {
                judgement.Add(change, $"{field}/{i}", problem.What, problem.Remedy);
            }

            if (!seen.TryAdd(prefix.BaseAddress.AddressFamily, prefix))
            {
                judgement.Add(
                    change, $"{field}/{i}", $"{prefix} is a second {AddressRules.Family(prefix.BaseAddress)} prefix, after {seen[prefix.BaseAddress.AddressFamily]}",
                    "a subnet has at most one prefix of each family; make another subnet");
            }
        }
    }

    private static void CheckGateways(Judgement judgement, AppliedChange change, VirtualSubnet subnet, int index)
    {
        HashSet<AddressFamily> seen = [];
        for (int i = 0; i < subnet.Gateways.Length; i++)
        {
            IPAddress gateway = subnet.Gateways[i];
            string field = $"/subnets/{index}/gateways/{i}";
            if (SubnetAddressing.PrefixOf(subnet, gateway.AddressFamily) is not { } prefix)
            {
                judgement.Add(
                    change, field, $"{gateway} is {AddressRules.Family(gateway)}, and subnet {subnet.Vsid} has no {AddressRules.Family(gateway)} prefix",
                    "remove it, or add the prefix");
            }
            else if (!prefix.Covers(gateway))
            {
                judgement.Add(change, field, $"{gateway} is outside {prefix} of subnet {subnet.Vsid}", $"choose an address of {prefix}");
            }
            else if (AddressRules.IsEdge(prefix, gateway) is { } edge)
            {
                judgement.Add(change, field, $"{gateway} is the {edge} address of {prefix}", $"choose another address of {prefix}");
            }

            if (!seen.Add(gateway.AddressFamily))
            {
                judgement.Add(change, field, $"{gateway} is a second {AddressRules.Family(gateway)} gateway", "a subnet has one gateway of each family");
            }
        }
    }

    /// <summary>Prefixes that overlap nest, so in the order of base address and length one look back at the open one is enough.</summary>
    private static void CheckOverlaps(Judgement judgement, AppliedChange change, VmNetwork network)
    {
        var all = network.Subnets
            .SelectMany((s, i) => s.Prefixes.Select((p, j) => (Prefix: p, Subnet: i, Index: j)))
            .OrderBy(static e => e.Prefix.BaseAddress.AddressFamily).ThenBy(static e => e.Prefix.BaseAddress.ToNumber())
            .ThenBy(static e => e.Prefix.PrefixLength).ThenBy(static e => e.Subnet);
        (IPNetwork Prefix, int Subnet, int Index)? open = null;
        foreach ((IPNetwork Prefix, int Subnet, int Index) entry in all)
        {
            if (open is not { } outer || !outer.Prefix.Covers(entry.Prefix))
            {
                open = entry;
                continue;
            }

            if (outer.Subnet == entry.Subnet)
            {
                continue; // told already: a second prefix of the family
            }

            // The one further down in the document is told.
            ((IPNetwork Prefix, int Subnet, int Index) first, (IPNetwork Prefix, int Subnet, int Index) second) =
                outer.Subnet < entry.Subnet ? (outer, entry) : (entry, outer);
            judgement.Add(
                change, $"/subnets/{second.Subnet}/prefixes/{second.Index}",
                $"{second.Prefix} overlaps {first.Prefix} of subnet {network.Subnets[first.Subnet].Vsid}",
                "the subnets of a VM network do not overlap; other VM networks may use the same prefixes");
        }
    }
}
