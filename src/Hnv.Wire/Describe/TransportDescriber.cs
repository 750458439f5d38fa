using System.Net;

namespace Hnv.Wire;

/// <summary>ICMP, ICMPv6, neighbour discovery, UDP and TCP for people.</summary>
internal static class TransportDescriber
{
    /// <param name="whole">The message is complete, so its checksum can be judged.</param>
    public static void Describe(
        DescriptionWriter text, IpProtocol protocol, IPAddress source, IPAddress destination, ReadOnlySpan<byte> message, bool whole)
    {
        bool? valid = !whole ? null
            : protocol == IpProtocol.Icmp ? InternetChecksum.IsValid(message)
            : InternetChecksum.IsValid(source, destination, protocol, message);
        switch (protocol)
        {
            case IpProtocol.Icmp or IpProtocol.IcmpV6:
                DescribeIcmp(text, protocol, message, valid);
                break;
            case IpProtocol.Udp:
                DescribeUdp(text, message, valid);
                break;
            default:
                DescribeTcp(text, message, valid);
                break;
        }
    }

    private static void DescribeIcmp(DescriptionWriter text, IpProtocol protocol, ReadOnlySpan<byte> message, bool? valid)
    {
        bool v6 = protocol == IpProtocol.IcmpV6;
        if (!IcmpHeader.TryParse(message, out IcmpHeader header, out ReadOnlySpan<byte> payload))
        {
            text.Malformed(v6 ? "ICMPv6" : "ICMP", message);
            return;
        }

        text.Header(v6 ? "ICMPv6" : "ICMP", $"{message.Length} bytes");
        text.Field("type, code", $"{header.Type}, {header.Code}: {PacketWords.Icmp(header, v6)}");
        text.Field("checksum", PacketWords.Checksum(header.Checksum, valid));
        if (v6 && DescribeNeighbor(text, message))
        {
            return;
        }

        if (PacketWords.IsEcho(header, v6))
        {
            text.Field("identifier, sequence", $"0x{header.Rest >> 16:x4}, {header.Rest & 0xffff}");
        }
        else
        {
            text.Field("second word", $"0x{header.Rest:x8}");
        }

        text.Data(payload);
    }

    /// <returns>False when it is no message of neighbour discovery.</returns>
    private static bool DescribeNeighbor(DescriptionWriter text, ReadOnlySpan<byte> message)
    {
        if (NeighborSolicitation.TryParse(message, out NeighborSolicitation solicitation, out ReadOnlySpan<byte> options))
        {
            text.Field("target", solicitation.Target);
        }
        else if (NeighborAdvertisement.TryParse(message, out NeighborAdvertisement advertisement, out options))
        {
            text.Field("target", advertisement.Target);
            text.Field("flags", advertisement.Flags);
        }
        else if (RouterAdvertisement.TryParse(message, out RouterAdvertisement router, out options))
        {
            text.Field("hop limit, flags", $"{router.HopLimit}, 0x{router.Flags:x2}");
            text.Field("router lifetime", $"{router.RouterLifetime} s");
            text.Field("reachable, retransmit", $"{router.ReachableTime} ms, {router.RetransmitTimer} ms");
        }
        else if (!RouterSolicitation.TryParse(message, out options))
        {
            return false;
        }

        var walk = new NeighborOptions(options);
        while (walk.MoveNext())
        {
            text.Field("option", $"{(byte)walk.Type}: {PacketWords.Option(walk.Type, walk.Data)}");
        }

        if (walk.IsMalformed)
        {
            text.Malformed("options", options);
        }

        return true;
    }

    private static void DescribeUdp(DescriptionWriter text, ReadOnlySpan<byte> message, bool? valid)
    {
        if (!UdpHeader.TryParse(message, out UdpHeader header, out ReadOnlySpan<byte> payload))
        {
            text.Malformed("UDP", message);
            return;
        }

        text.Header("UDP", $"{UdpHeader.Length} bytes");
        text.Field("ports", $"{header.SourcePort} → {header.DestinationPort}");
        text.Field("length", header.MessageLength);
        text.Field("checksum", header.Checksum == 0 ? "none" : PacketWords.Checksum(header.Checksum, valid));
        text.Data(payload);
    }

    private static void DescribeTcp(DescriptionWriter text, ReadOnlySpan<byte> segment, bool? valid)
    {
        if (!TcpHeader.TryParse(segment, out TcpHeader header, out ReadOnlySpan<byte> options, out ReadOnlySpan<byte> payload))
        {
            text.Malformed("TCP", segment);
            return;
        }

        text.Header("TCP", $"{header.Length} bytes");
        text.Field("ports", $"{header.SourcePort} → {header.DestinationPort}");
        text.Field("sequence", header.Sequence);
        text.Field("acknowledgment", header.Acknowledgment);
        text.Field("flags", header.Flags);
        text.Field("window", header.Window);
        text.Field("checksum", PacketWords.Checksum(header.Checksum, valid));
        if (!options.IsEmpty)
        {
            text.Field("options", Convert.ToHexStringLower(options));
        }

        text.Data(payload);
    }
}
