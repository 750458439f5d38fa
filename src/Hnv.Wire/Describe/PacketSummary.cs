using System.Net;

namespace Hnv.Wire;

/// <summary>A frame in one line: who to whom and what, tunnels separated by a bar.</summary>
internal static class PacketSummary
{
    private const int MaxDepth = 4;

    public static string Of(ReadOnlySpan<byte> frame, int depth = 0)
    {
        if (!EthernetHeader.TryParse(frame, out EthernetHeader header, out ReadOnlySpan<byte> payload))
        {
            return $"truncated frame of {frame.Length} bytes";
        }

        string tag = header.Tag is { } vlan ? $"VLAN {vlan.Id} " : string.Empty;
        return tag + header.Type switch
        {
            EtherType.Arp when ArpPacket.TryParse(payload, out ArpPacket arp) => arp.Operation == ArpOperation.Request
                ? $"ARP who has {arp.TargetAddress}? tell {arp.SenderAddress}"
                : $"ARP {arp.SenderAddress} is at {arp.SenderMac}",
            EtherType.IPv4 when IPv4Header.TryParse(payload, out IPv4Header v4, out _, out ReadOnlySpan<byte> message) =>
                $"{v4.Source} → {v4.Destination} {(v4.FragmentOffset == 0 ? Transport(v4.Protocol, message, depth) : $"fragment of {PacketWords.Name(v4.Protocol)}")}",
            EtherType.IPv6 when IPv6Header.TryParse(payload, out IPv6Header v6, out ReadOnlySpan<byte> rest)
                && IPv6Extensions.TrySkip(v6.NextHeader, rest, out IpProtocol protocol, out ReadOnlySpan<byte> message, out IPv6FragmentHeader? fragment) =>
                $"{v6.Source} → {v6.Destination} {(fragment is { Offset: > 0 } ? $"fragment of {PacketWords.Name(protocol)}" : Transport(protocol, message, depth))}",
            EtherType.Arp or EtherType.IPv4 or EtherType.IPv6 => $"malformed {PacketWords.Name(header.Type)}",
            _ => $"{header.Source} → {header.Destination} {PacketWords.Name(header.Type)}",
        };
    }

    private static string Transport(IpProtocol protocol, ReadOnlySpan<byte> message, int depth) => protocol switch
    {
        IpProtocol.Gre when NvgreHeader.TryParse(message, out NvgreHeader nvgre, out ReadOnlySpan<byte> inner) =>
            $"NVGRE {nvgre.VirtualSubnetId} flow 0x{nvgre.FlowId:x2} | {(depth < MaxDepth ? Of(inner, depth + 1) : $"{inner.Length} bytes")}",
        IpProtocol.Icmp when IcmpHeader.TryParse(message, out IcmpHeader icmp, out _) => $"ICMP {PacketWords.Icmp(icmp, v6: false)}",
        IpProtocol.IcmpV6 when IcmpHeader.TryParse(message, out IcmpHeader icmp, out _) => $"ICMPv6 {PacketWords.Icmp(icmp, v6: true)}",
        IpProtocol.Udp when UdpHeader.TryParse(message, out UdpHeader vxlanUdp, out ReadOnlySpan<byte> tunnel) && vxlanUdp.DestinationPort == VxlanHeader.Port
            && VxlanHeader.TryParse(tunnel, out VxlanHeader vxlan, out ReadOnlySpan<byte> inner) =>
            $"VXLAN {vxlan.VirtualSubnetId} | {(depth < MaxDepth ? Of(inner, depth + 1) : $"{inner.Length} bytes")}",
        IpProtocol.Udp when UdpHeader.TryParse(message, out UdpHeader udp, out _) => $"UDP {udp.SourcePort} → {udp.DestinationPort}",
        IpProtocol.Tcp when TcpHeader.TryParse(message, out TcpHeader tcp, out _, out _) => $"TCP {tcp.SourcePort} → {tcp.DestinationPort} {tcp.Flags}",
        _ => $"{PacketWords.Name(protocol)}, {message.Length} bytes",
    };
}
