using System.Buffers.Binary;
using System.Net;
using Hnv.Model.Addressing;

namespace Hnv.Wire;

/// <summary>Words for numbers of headers.</summary>
internal static class PacketWords
{
    public static string Name(EtherType type)
    {
        string name = type switch
        {
            EtherType.IPv4 => "IPv4",
            EtherType.Arp => "ARP",
            EtherType.IPv6 => "IPv6",
            EtherType.Vlan => "802.1Q VLAN tag",
            EtherType.ServiceVlan => "802.1ad service tag",
            EtherType.TransparentEthernetBridging => "transparent Ethernet bridging",
            EtherType.Lldp => "LLDP",
            _ when (ushort)type < 0x600 => "length of an 802.3 frame",
            _ => "unknown",
        };
        return $"0x{(ushort)type:x4} {name}";
    }

    public static string Name(IpProtocol protocol)
    {
        string name = protocol switch
        {
            IpProtocol.HopByHopOptions => "hop-by-hop options",
            IpProtocol.Icmp => "ICMP",
            IpProtocol.Igmp => "IGMP",
            IpProtocol.Tcp => "TCP",
            IpProtocol.Udp => "UDP",
            IpProtocol.IPv6Routing => "routing header",
            IpProtocol.IPv6Fragment => "fragment header",
            IpProtocol.Gre => "GRE",
            IpProtocol.Esp => "ESP",
            IpProtocol.AuthenticationHeader => "AH",
            IpProtocol.IcmpV6 => "ICMPv6",
            IpProtocol.IPv6NoNextHeader => "no next header",
            IpProtocol.IPv6DestinationOptions => "destination options",
            IpProtocol.Vrrp => "VRRP",
            IpProtocol.Sctp => "SCTP",
            _ => "unknown",
        };
        return $"{(byte)protocol} {name}";
    }

    public static string Name(Ecn ecn) => ecn switch
    {
        Ecn.NotCapable => "not ECN-capable",
        Ecn.Capable1 => "ECT(1)",
        Ecn.Capable0 => "ECT(0)",
        _ => "CE, congestion experienced",
    };

    public static string Name(ArpOperation operation) => operation switch
    {
        ArpOperation.Request => "request",
        ArpOperation.Reply => "reply",
        _ => "unknown",
    };

    public static string Fragmentation(IPv4Header header)
    {
        string flags = header.Flags == IPv4Flags.None ? "no flags" : header.Flags.ToString();
        return header.IsFragment ? $"{flags}, offset {header.FragmentOffset * 8}" : flags;
    }

    /// <param name="valid">Null when it cannot be judged.</param>
    public static string Checksum(ushort checksum, bool? valid) => $"0x{checksum:x4}{valid switch
    {
        true => ", correct",
        false => ", WRONG",
        null => string.Empty,
    }}";

    public static bool IsEcho(IcmpHeader header, bool v6) => v6
        ? (IcmpV6Type)header.Type is IcmpV6Type.EchoRequest or IcmpV6Type.EchoReply
        : (IcmpV4Type)header.Type is IcmpV4Type.EchoRequest or IcmpV4Type.EchoReply;

    public static string Icmp(IcmpHeader header, bool v6) => v6
        ? (IcmpV6Type)header.Type switch
        {
            IcmpV6Type.EchoRequest => "echo request",
            IcmpV6Type.EchoReply => "echo reply",
            IcmpV6Type.DestinationUnreachable => "destination unreachable",
            IcmpV6Type.PacketTooBig => $"packet too big, MTU {header.Rest}",
            IcmpV6Type.TimeExceeded => "time exceeded",
            IcmpV6Type.ParameterProblem => "parameter problem",
            IcmpV6Type.RouterSolicitation => "router solicitation",
            IcmpV6Type.RouterAdvertisement => "router advertisement",
            IcmpV6Type.NeighborSolicitation => "neighbour solicitation",
            IcmpV6Type.NeighborAdvertisement => "neighbour advertisement",
            IcmpV6Type.Redirect => "redirect",
            IcmpV6Type.MulticastListenerReport or IcmpV6Type.MulticastListenerReportV2 => "multicast listener report",
            _ => "other",
        }
        : (IcmpV4Type)header.Type switch
        {
            IcmpV4Type.EchoRequest => "echo request",
            IcmpV4Type.EchoReply => "echo reply",
            IcmpV4Type.DestinationUnreachable when header.Code == (byte)IcmpV4Unreachable.FragmentationNeeded =>
                $"fragmentation needed, MTU {header.Rest & 0xffff}",
            IcmpV4Type.DestinationUnreachable => "destination unreachable",
            IcmpV4Type.Redirect => "redirect",
            IcmpV4Type.TimeExceeded => "time exceeded",
            IcmpV4Type.ParameterProblem => "parameter problem",
            _ => "other",
        };

    public static string Option(NeighborOptionType type, ReadOnlySpan<byte> data) => type switch
    {
        NeighborOptionType.SourceLinkLayerAddress when data.Length == MacAddress.Length => $"source link-layer address {MacAddress.FromBytes(data)}",
        NeighborOptionType.TargetLinkLayerAddress when data.Length == MacAddress.Length => $"target link-layer address {MacAddress.FromBytes(data)}",
        NeighborOptionType.Mtu when data.Length == 6 => $"MTU {BinaryPrimitives.ReadUInt32BigEndian(data[2..])}",
        NeighborOptionType.PrefixInformation when data.Length == 30 => $"prefix {new IPAddress(data[14..30])}/{data[0]}, flags 0x{data[1]:x2}",
        _ => Convert.ToHexStringLower(data),
    };
}
