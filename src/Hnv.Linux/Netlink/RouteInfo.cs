using System.Net;
using System.Runtime.InteropServices;

namespace Hnv.Linux.Netlink;

/// <summary>A route, or the answer to a route look-up; a multipath route is one of these per next hop.</summary>
/// <param name="Destination">The prefix; of a look-up the destination itself.</param>
/// <param name="Gateway">Null: on-link.</param>
/// <param name="InterfaceIndex">The outgoing interface; 0 for blackhole and unreachable routes.</param>
/// <param name="PreferredSource">The source address of packets from this host.</param>
/// <param name="Mtu">Where the route or a path MTU exception has one; null: the interface's holds.</param>
/// <param name="Metric">Priority; lower wins.</param>
public sealed record RouteInfo(
    IPNetwork Destination,
    IPAddress? Gateway,
    int InterfaceIndex,
    IPAddress? PreferredSource,
    int? Mtu,
    int Metric,
    int Table,
    RouteType Type,
    byte Protocol)
{
    internal static IEnumerable<RouteInfo> ReadAll(in NetlinkReply reply)
    {
        var header = reply.Header<RouteHeader>();
        var attributes = reply.Attributes<RouteHeader>();
        if (header.Family is not (KernelFamily.Inet or KernelFamily.Inet6))
        {
            return []; // MPLS and multicast routing answer a dump of all families too, with labels and groups for destinations.
        }

        var isV6 = header.Family == KernelFamily.Inet6;
        var destination = attributes.GetAddress(RouteAttribute.Destination) ?? (isV6 ? IPAddress.IPv6Any : IPAddress.Any);
        var route = new RouteInfo(
            reply.Prefix(destination, header.DestinationLength),
            ReadGateway(attributes),
            attributes.Get<int>(RouteAttribute.OutInterface) ?? 0,
            attributes.GetAddress(RouteAttribute.PreferredSource),
            (int?)attributes.Nested(RouteAttribute.Metrics).Get<uint>(RouteAttribute.MetricMtu),
            attributes.Get<int>(RouteAttribute.Priority) ?? 0,
            attributes.Get<int>(RouteAttribute.Table) ?? header.Table,
            (RouteType)header.Type,
            header.Protocol);
        if (!attributes.TryGet(RouteAttribute.Multipath, out var hops))
        {
            return [route];
        }

        var routes = new List<RouteInfo>();
        while (hops.Length >= 8 && MemoryMarshal.Read<NextHopHeader>(hops) is var hop && hop.Length >= 8 && hop.Length <= hops.Length)
        {
            routes.Add(route with { InterfaceIndex = hop.Index, Gateway = ReadGateway(new NetlinkAttributes(hops[8..hop.Length])) });
            hops = hops[Math.Min((hop.Length + 3) & ~3, hops.Length)..];
        }

        return routes;
    }

    /// <summary>RTA_GATEWAY, or RTA_VIA (struct rtvia: family, address) for an IPv4 route over an IPv6 next hop.</summary>
    private static IPAddress? ReadGateway(in NetlinkAttributes attributes) =>
        attributes.GetAddress(RouteAttribute.Gateway)
        ?? (attributes.TryGet(RouteAttribute.Via, out var via) && via.Length is 6 or 18 ? new IPAddress(via[2..]) : null);
}

/// <summary>RTN_* of linux/rtnetlink.h.</summary>
public enum RouteType
{
    Unspecified = 0,
    Unicast = 1,
    Local = 2,
    Broadcast = 3,
    Anycast = 4,
    Multicast = 5,
    Blackhole = 6,
    Unreachable = 7,
    Prohibit = 8,
}

/// <summary>A route to add or delete.</summary>
public sealed record RouteSpec(IPNetwork Destination)
{
    /// <summary>Null: on-link.</summary>
    public IPAddress? Gateway { get; init; }

    /// <summary>Null: found by the gateway.</summary>
    public int? InterfaceIndex { get; init; }

    public IPAddress? PreferredSource { get; init; }

    public int? Mtu { get; init; }

    public int? Metric { get; init; }

    /// <summary>254 is the main table.</summary>
    public int Table { get; init; } = 254;

    public RouteType Type { get; init; } = RouteType.Unicast;

    /// <summary>
    /// IPv6 only: packets to the destination hold an Ethernet frame, which is taken out and sent by this interface (segment routing, End.DX2 of
    /// RFC 8986, 4.9).
    /// </summary>
    public int? DecapsulateTo { get; init; }

    /// <summary>Who made it (RTPROT_*); 4 is "static". A number of one's own makes own routes recognisable.</summary>
    public byte Protocol { get; init; } = 4;
}

/// <summary>RTA_* and RTAX_* of linux/rtnetlink.h.</summary>
internal static class RouteAttribute
{
    public const ushort Destination = 1, Source = 2, OutInterface = 4, Gateway = 5, Priority = 6, PreferredSource = 7, Metrics = 8;
    public const ushort Multipath = 9, Table = 15, Via = 18, EncapsulationType = 21, Encapsulation = 22;
    public const ushort MetricMtu = 2; // RTAX_MTU
}

/// <summary>SEG6_LOCAL_* of linux/seg6_local.h.</summary>
internal static class SegmentRouting
{
    public const ushort EncapsulationType = 7; // LWTUNNEL_ENCAP_SEG6_LOCAL
    public const ushort Action = 1, OutInterface = 7;
    public const uint EndDx2 = 4; // SEG6_LOCAL_ACTION_END_DX2
}
