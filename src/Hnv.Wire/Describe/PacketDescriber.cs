using System.Net;

namespace Hnv.Wire;

/// <summary>
/// Writes an Ethernet frame field by field for people, NVGRE with the tenant's frame inside. Survives any bytes: what cannot be read is
/// named and shown in hexadecimal.
/// <code>
/// Ethernet                   14 bytes
///   destination              02:00:00:00:04:16
///   …
/// NVGRE                      8 bytes, RFC 7637
///   flags                    0x2000: key present, nothing else
///   virtual subnet           5001 (0x001389)
///   Ethernet                 14 bytes
///     destination            06:06:00:00:00:07
/// </code>
/// </summary>
public static class PacketDescriber
{
    /// <summary>Tunnels in tunnels are followed this deep.</summary>
    private const int MaxDepth = 4;

    /// <summary>Lines end with a line feed.</summary>
    public static string Describe(ReadOnlySpan<byte> frame)
    {
        var text = new DescriptionWriter();
        DescribeFrame(text, frame);
        return text.ToString();
    }

    /// <summary>One line, outermost first, e.g. <c>192.168.4.11 → 192.168.4.22 NVGRE 5001 flow 0x3f | 10.0.0.5 → 10.0.0.7 ICMP echo request</c>.</summary>
    public static string Summarize(ReadOnlySpan<byte> frame) => PacketSummary.Of(frame);

    private static void DescribeFrame(DescriptionWriter text, ReadOnlySpan<byte> frame)
    {
        if (!EthernetHeader.TryParse(frame, out EthernetHeader header, out ReadOnlySpan<byte> payload))
        {
            text.Malformed("Ethernet", frame);
            return;
        }

        text.Header("Ethernet", $"{header.Length} bytes");
        text.Field("destination", header.Destination);
        text.Field("source", header.Source);
        if (header.Tag is { } tag)
        {
            text.Field("VLAN", $"{tag.Id}, priority {tag.Priority}, {PacketWords.Name(tag.Protocol)}");
        }

        text.Field("type", PacketWords.Name(header.Type));
        switch (header.Type)
        {
            case EtherType.IPv4:
                DescribeIPv4(text, payload);
                break;
            case EtherType.IPv6:
                DescribeIPv6(text, payload);
                break;
            case EtherType.Arp:
                DescribeArp(text, payload);
                break;
            default:
                text.Data(payload);
                break;
        }
    }

    private static void DescribeArp(DescriptionWriter text, ReadOnlySpan<byte> payload)
    {
        if (!ArpPacket.TryParse(payload, out ArpPacket arp))
        {
            text.Malformed("ARP", payload);
            return;
        }

        text.Header("ARP", $"{ArpPacket.Length} bytes, RFC 826");
        text.Field("operation", $"{(ushort)arp.Operation}: {PacketWords.Name(arp.Operation)}{(arp.IsGratuitous ? ", gratuitous" : string.Empty)}");
        text.Field("sender", $"{arp.SenderAddress} at {arp.SenderMac}");
        text.Field("target", $"{arp.TargetAddress} at {arp.TargetMac}");
    }

    private static void DescribeIPv4(DescriptionWriter text, ReadOnlySpan<byte> packet)
    {
        if (!IPv4Header.TryParse(packet, out IPv4Header header, out ReadOnlySpan<byte> options, out ReadOnlySpan<byte> payload))
        {
            text.Malformed("IPv4", packet);
            return;
        }

        text.Header("IPv4", $"{header.Length} bytes");
        text.Field("source", header.Source);
        text.Field("destination", header.Destination);
        text.Field("total length", header.TotalLength);
        text.Field("DSCP, ECN", $"{header.TrafficClass >> 2}, {PacketWords.Name(header.Ecn)}");
        text.Field("fragmentation", $"identification 0x{header.Identification:x4}, {PacketWords.Fragmentation(header)}");
        text.Field("time to live", header.TimeToLive);
        text.Field("protocol", PacketWords.Name(header.Protocol));
        text.Field("checksum", PacketWords.Checksum(header.Checksum, InternetChecksum.IsValid(packet[..header.Length])));
        if (!options.IsEmpty)
        {
            text.Field("options", Convert.ToHexStringLower(options));
        }

        if (header.FragmentOffset != 0)
        {
            text.Data(payload);
            return;
        }

        DescribeTransport(text, header.Protocol, header.Source, header.Destination, payload, !header.IsFragment);
    }

    private static void DescribeIPv6(DescriptionWriter text, ReadOnlySpan<byte> packet)
    {
        if (!IPv6Header.TryParse(packet, out IPv6Header header, out ReadOnlySpan<byte> payload))
        {
            text.Malformed("IPv6", packet);
            return;
        }

        text.Header("IPv6", $"{IPv6Header.Length} bytes");
        text.Field("source", header.Source);
        text.Field("destination", header.Destination);
        text.Field("payload length", header.PayloadLength);
        text.Field("DSCP, ECN", $"{header.TrafficClass >> 2}, {PacketWords.Name(header.Ecn)}");
        text.Field("flow label", $"0x{header.FlowLabel:x5}");
        text.Field("hop limit", header.HopLimit);
        text.Field("next header", PacketWords.Name(header.NextHeader));
        if (!IPv6Extensions.TrySkip(header.NextHeader, payload, out IpProtocol protocol, out ReadOnlySpan<byte> upper, out IPv6FragmentHeader? fragment))
        {
            text.Malformed("IPv6 extension headers", payload);
            return;
        }

        if (upper.Length != payload.Length)
        {
            text.Field("extensions", $"{payload.Length - upper.Length} bytes, then {PacketWords.Name(protocol)}");
        }

        if (fragment is { } piece)
        {
            text.Field("fragment", $"identification 0x{piece.Identification:x8}, offset {piece.Offset * 8}{(piece.MoreFragments ? ", more follow" : ", the last")}");
        }

        if (fragment is { Offset: > 0 })
        {
            text.Data(upper);
            return;
        }

        DescribeTransport(text, protocol, header.Source, header.Destination, upper, fragment is null);
    }

    private static void DescribeTransport(
        DescriptionWriter text, IpProtocol protocol, IPAddress source, IPAddress destination, ReadOnlySpan<byte> message, bool whole)
    {
        switch (protocol)
        {
            case IpProtocol.Udp when whole && UdpHeader.TryParse(message, out UdpHeader udp, out ReadOnlySpan<byte> payload)
                && udp.DestinationPort == VxlanHeader.Port && VxlanHeader.TryParse(payload, out VxlanHeader vxlan, out ReadOnlySpan<byte> inner):
                DescribeVxlan(text, udp, vxlan, inner);
                break;
            case IpProtocol.Icmp or IpProtocol.IcmpV6 or IpProtocol.Udp or IpProtocol.Tcp:
                TransportDescriber.Describe(text, protocol, source, destination, message, whole);
                break;
            case IpProtocol.Gre:
                DescribeGre(text, message);
                break;
            default:
                text.Data(message);
                break;
        }
    }

    private static void DescribeGre(DescriptionWriter text, ReadOnlySpan<byte> packet)
    {
        if (NvgreHeader.TryParse(packet, out NvgreHeader nvgre, out ReadOnlySpan<byte> frame))
        {
            text.Header("NVGRE", $"{NvgreHeader.Length} bytes, RFC 7637");
            text.Field("flags", "0x2000: key present, nothing else");
            text.Field("protocol", PacketWords.Name(EtherType.TransparentEthernetBridging));
            text.Field("virtual subnet", $"{nvgre.VirtualSubnetId} (0x{nvgre.VirtualSubnetId:x6})");
            text.Field("flow", $"0x{nvgre.FlowId:x2}");
        }
        else if (GreHeader.TryParse(packet, out GreHeader gre, out frame))
        {
            text.Header("GRE", $"{gre.Length} bytes, RFC 2784");
            text.Field("flags", $"0x{(ushort)gre.Flags:x4}");
            text.Field("protocol", PacketWords.Name(gre.Protocol));
            if (gre.Protocol != EtherType.TransparentEthernetBridging)
            {
                text.Data(frame);
                return;
            }
        }
        else
        {
            text.Malformed("GRE", packet);
            return;
        }

        DescribeInside(text, frame);
    }

    private static void DescribeVxlan(DescriptionWriter text, UdpHeader udp, VxlanHeader vxlan, ReadOnlySpan<byte> frame)
    {
        text.Header("UDP", $"{UdpHeader.Length} bytes");
        text.Field("ports", $"{udp.SourcePort} → {udp.DestinationPort}");
        text.Field("length", udp.MessageLength);
        text.Field("checksum", udp.Checksum == 0 ? "none" : $"0x{udp.Checksum:x4}");
        text.Header("VXLAN", $"{VxlanHeader.Length} bytes, RFC 7348");
        text.Field("virtual subnet", $"{vxlan.VirtualSubnetId} (0x{vxlan.VirtualSubnetId:x6})");
        DescribeInside(text, frame);
    }

    /// <summary>The frame in a tunnel.</summary>
    private static void DescribeInside(DescriptionWriter text, ReadOnlySpan<byte> frame)
    {
        if (text.Depth == MaxDepth)
        {
            text.Data(frame);
            return;
        }

        text.Depth++;
        DescribeFrame(text, frame);
        text.Depth--;
    }
}
