using System.Net;
using System.Net.Sockets;
using Hnv.Model.Addressing;
using Hnv.Model.Resources;

namespace Hnv.Model.Validation;

/// <summary>A problem with its remedy.</summary>
internal readonly record struct Problem(string What, string? Remedy = null);

/// <summary>What an address, a prefix or a MAC address may be used for.</summary>
internal static class AddressRules
{
    private static readonly (IPNetwork Prefix, string Name)[] Special =
    [
        (IPNetwork.Parse("0.0.0.0/8"), "unspecified"),
        (IPNetwork.Parse("127.0.0.0/8"), "loopback"),
        (IPNetwork.Parse("169.254.0.0/16"), "link-local"),
        (IPNetwork.Parse("224.0.0.0/4"), "multicast"),
        (IPNetwork.Parse("255.255.255.255/32"), "broadcast"),
        (IPNetwork.Parse("::/128"), "unspecified"),
        (IPNetwork.Parse("::1/128"), "loopback"),
        (IPNetwork.Parse("::ffff:0.0.0.0/96"), "IPv4-mapped"),
        (IPNetwork.Parse("fe80::/10"), "link-local"),
        (IPNetwork.Parse("ff00::/8"), "multicast"),
    ];

    /// <summary>"IPv4" or "IPv6".</summary>
    public static string Family(IPAddress address) => address.AddressFamily == AddressFamily.InterNetwork ? "IPv4" : "IPv6";

    /// <summary>What keeps a prefix from being a subnet's.</summary>
    public static Problem? OfSubnetPrefix(IPNetwork prefix)
    {
        int longest = prefix.BaseAddress.GetMaxLength() - 2;
        if (prefix.PrefixLength > longest)
        {
            return new Problem($"{prefix} has no room for a gateway and a VM", $"the length of an {Family(prefix.BaseAddress)} prefix is at most {longest}");
        }

        foreach ((IPNetwork special, string name) in Special)
        {
            if (special.Covers(prefix))
            {
                return new Problem($"{prefix} is {name}", "use a prefix of unicast addresses");
            }

            if (prefix.Covers(special))
            {
                return new Problem($"{prefix} contains {special}, which is {name}", "use a prefix of unicast addresses");
            }
        }

        return null;
    }

    /// <summary>What keeps a prefix from being a route's: only what contains no unicast destination at all.</summary>
    public static Problem? OfRoutePrefix(IPNetwork prefix)
    {
        // 0.0.0.0/0 and ::/0 are the default route; everything else inside a special range goes nowhere.
        foreach ((IPNetwork special, string name) in Special)
        {
            if (special.Covers(prefix))
            {
                return new Problem($"{prefix} is {name} and not routed", "use a prefix of unicast addresses");
            }
        }

        return null;
    }

    /// <summary>What keeps an address from being a host's or endpoint's on the provider network.</summary>
    public static Problem? OfProvider(IPAddress address)
    {
        if (address.IsIPv6LinkLocal)
        {
            return new Problem($"{address} is a link-local address", "give a global or unique local address: a link-local one means nothing without its link");
        }

        return OfServer(address) is { } problem ? problem with { Remedy = "give a unicast address of the provider network" } : null;
    }

    /// <summary>What keeps an address from being a server's that VMs are told of.</summary>
    public static Problem? OfServer(IPAddress address)
    {
        foreach ((IPNetwork special, string name) in Special)
        {
            if (name != "link-local" && special.Covers(address))
            {
                return new Problem($"{address} is a {name} address", "give the unicast address of a server");
            }
        }

        return null;
    }

    /// <summary>What keeps an address from being a VM's in a subnet.</summary>
    public static Problem? OfCustomer(VirtualSubnet subnet, IPAddress address)
    {
        if (SubnetAddressing.PrefixOf(subnet, address.AddressFamily) is not { } prefix)
        {
            return new Problem($"{address} is {Family(address)}, and subnet {subnet.Vsid} has no {Family(address)} prefix", "add a prefix to the subnet");
        }

        if (!prefix.Covers(address))
        {
            return address.IsIPv6LinkLocal
                ? new Problem($"{address} is link-local", "leave it out: link-local addresses need no entry")
                : new Problem($"{address} is outside {prefix} of subnet {subnet.Vsid}", $"choose an address of {prefix}");
        }

        if (IsEdge(prefix, address) is { } edge)
        {
            return new Problem($"{address} is the {edge} address of {prefix}", $"choose another address of {prefix}");
        }

        return SubnetAddressing.GatewayOf(subnet, prefix).Equals(address)
            ? new Problem(
                $"{address} is the distributed gateway of subnet {subnet.Vsid}",
                $"choose another address of {prefix}, or give the gateway another one in the subnet's gateways")
            : null;
    }

    /// <summary>"network" or "broadcast" if it is the first address of a prefix or the last of an IPv4 one (RFC 4291, 2.6.1: subnet-router anycast).</summary>
    public static string? IsEdge(IPNetwork prefix, IPAddress address)
    {
        if (prefix.BaseAddress.Equals(address))
        {
            return address.AddressFamily == AddressFamily.InterNetwork ? "network" : "subnet-router anycast";
        }

        return address.AddressFamily == AddressFamily.InterNetwork && prefix.GetLastAddress().Equals(address) ? "broadcast" : null;
    }

    /// <summary>What keeps a MAC address from being a VM's.</summary>
    public static Problem? OfVm(MacAddress mac)
    {
        if (mac.Value == 0)
        {
            return new Problem($"{mac} is no address", "give the VM's own MAC address");
        }

        if (mac.IsGroup)
        {
            return new Problem($"{mac} is a group address", "the lowest bit of a VM's first octet is 0");
        }

        return mac == WellKnownMacs.DistributedGateway
            ? new Problem($"{mac} is the distributed gateway's", "give the VM a MAC address of its own")
            : null;
    }
}
