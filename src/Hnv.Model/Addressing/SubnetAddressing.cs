using System.Net;
using System.Net.Sockets;
using Hnv.Model.Resources;

namespace Hnv.Model.Addressing;

/// <summary>Who may have which address of a subnet's prefix.</summary>
public static class SubnetAddressing
{
    /// <summary>The first host address: network + 1, prefix::1.</summary>
    public static IPAddress DefaultGatewayOf(IPNetwork prefix) =>
        (prefix.BaseAddress.ToNumber() + 1).ToAddress(prefix.BaseAddress.AddressFamily);

    /// <summary>The distributed gateway's address in one of the subnet's prefixes: as given in <c>gateways</c>, else the first host address.</summary>
    public static IPAddress GatewayOf(VirtualSubnet subnet, IPNetwork prefix)
    {
        foreach (IPAddress gateway in subnet.Gateways.AsSpan())
        {
            if (prefix.Covers(gateway))
            {
                return gateway;
            }
        }

        return DefaultGatewayOf(prefix);
    }

    /// <summary>The subnet's prefix of a family; null without one.</summary>
    public static IPNetwork? PrefixOf(VirtualSubnet subnet, AddressFamily family)
    {
        foreach (IPNetwork prefix in subnet.Prefixes.AsSpan())
        {
            if (prefix.BaseAddress.AddressFamily == family)
            {
                return prefix;
            }
        }

        return null;
    }

    /// <summary>The distributed gateway's address of a family; null without a prefix of it.</summary>
    public static IPAddress? GatewayOf(VirtualSubnet subnet, AddressFamily family) =>
        PrefixOf(subnet, family) is { } prefix ? GatewayOf(subnet, prefix) : null;

    /// <summary>Whether the address is in one of the subnet's prefixes.</summary>
    public static bool Contains(VirtualSubnet subnet, IPAddress address) =>
        PrefixOf(subnet, address.AddressFamily) is { } prefix && prefix.Covers(address);
}
