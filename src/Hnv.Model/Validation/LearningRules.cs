using System.Net;
using System.Net.Sockets;
using Hnv.Model.Addressing;
using Hnv.Model.Resources;

namespace Hnv.Model.Validation;

/// <summary>Learning, flooding and router advertisements of a subnet.</summary>
internal static class LearningRules
{
    private static readonly (IPNetwork Prefix, string Why)[] s_reserved =
    [
        (IPNetwork.Parse("224.0.0.0/24"), "is for protocols of one link (RFC 5771), which nothing routes"),
        (IPNetwork.Parse("232.0.0.0/8"), "is source-specific (RFC 4607): members would have to name every host"),
    ];

    public static void Check(Judgement judgement, AppliedChange change, VirtualSubnet subnet, int index)
    {
        string at = $"/subnets/{index}";
        CheckGroup(judgement, change, subnet, $"{at}/multicastGroup");
        if (subnet.LearningAge is < ModelLimits.LearningAgeMin or > ModelLimits.LearningAgeMax)
        {
            judgement.Add(
                change, $"{at}/learningAge", $"{subnet.LearningAge} s is out of range",
                $"a learned address is forgotten after {ModelLimits.LearningAgeMin} to {ModelLimits.LearningAgeMax} seconds");
        }

        CheckRouterAdvertisements(judgement, change, subnet, $"{at}/routerAdvertisements");
        if (subnet.Pool is { } pool)
        {
            PoolRules.Check(judgement, change, subnet, pool, $"{at}/pool");
        }
    }

    /// <summary>What a port says of learning.</summary>
    public static void Check(Judgement judgement, AppliedChange change, Port port)
    {
        if (port.DynamicAddressLimit > ModelLimits.DynamicAddresses)
        {
            judgement.Add(
                change, "/dynamicAddressLimit", $"{port.DynamicAddressLimit} is out of range", $"a VM may bring 0 to {ModelLimits.DynamicAddresses} addresses");
        }

        if (port.LearningSources == LearningSources.None)
        {
            judgement.Add(
                change, "/learningSources", "is empty, so that nothing would ever be learned",
                "leave it out for all sources, or say learning: static");
        }
    }

    private static void CheckGroup(Judgement judgement, AppliedChange change, VirtualSubnet subnet, string field)
    {
        bool multicast = subnet.Flooding == FloodingMode.Multicast;
        if (subnet.MulticastGroup is not { } group)
        {
            if (multicast)
            {
                judgement.Add(
                    change, field, $"is missing: subnet {subnet.Vsid} floods by multicast",
                    "give a group of the provider network such as 239.1.1.1, or say flooding: unicast");
            }

            return;
        }

        if (!multicast)
        {
            judgement.Add(
                change, field, $"{group} has no use: subnet {subnet.Vsid} does not flood by multicast", "say flooding: multicast, or remove the group");
        }

        if (group.AddressFamily != AddressFamily.InterNetwork)
        {
            // RFC 4291, 2.7: below site-local a group is one link's or one interface's, and well-known ones are other protocols'.
            byte[] bytes = group.GetAddressBytes();
            if (bytes[0] != 0xff || (bytes[1] & 0xf) is < 3 or 0xf)
            {
                judgement.Add(change, field, $"{group} is not a multicast address of a provider network", "give one of ff05::/16 (site) or ff08::/16 (organisation)");
            }
        }
        else if ((group.GetAddressBytes()[0] & 0xf0) != 0xe0)
        {
            judgement.Add(change, field, $"{group} is not a multicast address", "give one of 224.0.1.0 to 239.255.255.255, best of 239.0.0.0/8");
        }
        else
        {
            foreach ((IPNetwork prefix, string why) in s_reserved)
            {
                if (prefix.Covers(group))
                {
                    judgement.Add(change, field, $"{group} is of {prefix}, which {why}", "give a group of 239.0.0.0/8");
                }
            }
        }
    }

    private static void CheckRouterAdvertisements(Judgement judgement, AppliedChange change, VirtualSubnet subnet, string field)
    {
        if (subnet.RouterAdvertisements is null or RouterAdvertisementMode.Off)
        {
            return;
        }

        if (SubnetAddressing.PrefixOf(subnet, AddressFamily.InterNetworkV6) is not { } prefix)
        {
            judgement.Add(
                change, field, $"subnet {subnet.Vsid} has no IPv6 prefix to advertise", "add an IPv6 prefix to the subnet, or remove the field");
        }
        else if (subnet.RouterAdvertisements == RouterAdvertisementMode.Slaac && prefix.PrefixLength != 64)
        {
            judgement.Add(
                change, field, $"VMs make addresses from prefixes of 64 bits only (RFC 4862), and {prefix} is another",
                "give the subnet a prefix of 64 bits, or say managed");
        }
    }
}
