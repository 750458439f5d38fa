using System.Buffers.Binary;
using System.Net;

namespace Hnv.Wire;

/// <summary>IPv6 header (RFC 8200, section 3), 40 bytes; numbers in host byte order. Extension headers: <see cref="IPv6Extensions"/>.</summary>
public readonly record struct IPv6Header(IPAddress Source, IPAddress Destination, IpProtocol NextHeader)
{
    public const int Length = 40;

    /// <summary>DSCP (6 bits) and ECN (2 bits).</summary>
    public byte TrafficClass { get; init; }

    /// <summary>20 bits.</summary>
    public uint FlowLabel { get; init; }

    /// <summary>Bytes behind this header, extension headers included.</summary>
    public ushort PayloadLength { get; init; }

    public byte HopLimit { get; init; } = 64;

    public Ecn Ecn => (Ecn)(TrafficClass & 3);

    /// <summary>Reads a complete packet: the payload ends where the header says. Jumbograms (RFC 2675) are not for Ethernet and not read.</summary>
    /// <returns>False when it is no IPv6 or truncated.</returns>
    public static bool TryParse(ReadOnlySpan<byte> packet, out IPv6Header header, out ReadOnlySpan<byte> payload)
    {
        if (!TryParseHeader(packet, out header, out payload) || header.PayloadLength > payload.Length)
        {
            payload = default;
            return false;
        }

        payload = payload[..header.PayloadLength];
        return true;
    }

    /// <summary>Reads a header whose payload may be cut short, as in the quotation of an ICMPv6 error.</summary>
    /// <param name="rest">All bytes behind the header.</param>
    public static bool TryParseHeader(ReadOnlySpan<byte> packet, out IPv6Header header, out ReadOnlySpan<byte> rest)
    {
        header = default;
        rest = default;
        if (packet.Length < Length || packet[0] >> 4 != 6)
        {
            return false;
        }

        uint first = BinaryPrimitives.ReadUInt32BigEndian(packet);
        header = new IPv6Header(new IPAddress(packet[8..24]), new IPAddress(packet[24..40]), (IpProtocol)packet[6])
        {
            TrafficClass = (byte)(first >> 20),
            FlowLabel = first & 0xfffff,
            PayloadLength = BinaryPrimitives.ReadUInt16BigEndian(packet[4..]),
            HopLimit = packet[7],
        };
        rest = packet[Length..];
        return true;
    }

    /// <summary>Writes <see cref="Length"/> bytes.</summary>
    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt32BigEndian(destination, 6u << 28 | (uint)TrafficClass << 20 | (FlowLabel & 0xfffff));
        BinaryPrimitives.WriteUInt16BigEndian(destination[4..], PayloadLength);
        destination[6] = (byte)NextHeader;
        destination[7] = HopLimit;
        IpAddresses.WriteIPv6(Source, destination[8..]);
        IpAddresses.WriteIPv6(Destination, destination[24..]);
    }
}
