using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Hnv.Datapath.Layouts;

/// <summary>struct hnv_route_key: (routing domain, prefix) of the longest-prefix-match trie.</summary>
/// <param name="PrefixLength">Bits of routing domain and prefix: 32 + 96 + n for an IPv4 /n, 32 + n for an IPv6 /n.</param>
[KernelStruct("hnv_route_key")]
[StructLayout(LayoutKind.Sequential, Pack = 4)]
public readonly record struct RouteKey(uint PrefixLength, NetworkUInt32 Rd, KernelAddress Prefix)
{
    private const int RdBits = 32;
    private const int MappedBits = 96;

    public RouteKey(uint rd, IPNetwork prefix)
        : this(
            (uint)(RdBits + prefix.PrefixLength + (prefix.BaseAddress.AddressFamily == AddressFamily.InterNetwork ? MappedBits : 0)),
            NetworkUInt32.ToNetwork(rd),
            KernelAddress.From(prefix.BaseAddress))
    {
    }

    /// <summary>The prefix as people write it. ::/0 and 0.0.0.0/0 stay apart: the IPv4 one is ::ffff:0:0/96 in the kernel.</summary>
    public IPNetwork ToIPNetwork()
    {
        int bits = (int)PrefixLength - RdBits;
        IPAddress address = Prefix.ToIPAddress() ?? IPAddress.IPv6Any;
        return address.AddressFamily == AddressFamily.InterNetwork && bits >= MappedBits
            ? new IPNetwork(address, bits - MappedBits)
            : new IPNetwork(address.MapToIPv6(), bits);
    }
}

/// <summary>struct hnv_route: where a prefix leads.</summary>
/// <param name="Vsid">Where the next hop, or with an on-link route the destination, lives.</param>
/// <param name="NextHop">Customer address; none: on-link.</param>
[KernelStruct("hnv_route")]
[StructLayout(LayoutKind.Sequential, Pack = 4)]
public readonly record struct RouteEntry(NetworkUInt32 Vsid, uint Flags, KernelAddress NextHop)
{
    public RouteEntry(uint vsid, IPAddress? nextHop)
        : this(NetworkUInt32.ToNetwork(vsid), 0, KernelAddress.From(nextHop))
    {
    }
}
