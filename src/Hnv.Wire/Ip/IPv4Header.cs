using System.Buffers.Binary;
using System.Net;

namespace Hnv.Wire;

/// <summary>IPv4 header (RFC 791, section 3.1); numbers in host byte order. Options are handed out apart, to keep this a plain value.</summary>
public readonly record struct IPv4Header(IPAddress Source, IPAddress Destination, IpProtocol Protocol)
{
    /// <summary>Bytes of a header without options.</summary>
    public const int MinLength = 20;

    /// <summary>DSCP (6 bits) and ECN (2 bits).</summary>
    public byte TrafficClass { get; init; }

    /// <summary>Bytes of header and payload.</summary>
    public ushort TotalLength { get; init; }

    public ushort Identification { get; init; }

    public IPv4Flags Flags { get; init; }

    /// <summary>Where in the datagram this fragment begins, in units of 8 bytes (13 bits).</summary>
    public ushort FragmentOffset { get; init; }

    public byte TimeToLive { get; init; } = 64;

    /// <summary>As on the wire; <see cref="Write"/> computes its own.</summary>
    public ushort Checksum { get; init; }

    /// <summary>Bytes of options, a multiple of 4 up to 40.</summary>
    public int OptionsLength { get; init; }

    public int Length => MinLength + OptionsLength;

    public Ecn Ecn => (Ecn)(TrafficClass & 3);

    /// <summary>True for each fragment of a datagram, the first included.</summary>
    public bool IsFragment => FragmentOffset != 0 || Flags.HasFlag(IPv4Flags.MoreFragments);

    /// <summary>Reads a complete packet: the payload ends where the header says, without Ethernet's padding.</summary>
    /// <returns>False when it is no IPv4, or truncated, or its lengths contradict each other. The checksum is not judged.</returns>
    public static bool TryParse(ReadOnlySpan<byte> packet, out IPv4Header header, out ReadOnlySpan<byte> options, out ReadOnlySpan<byte> payload)
    {
        if (!TryParseHeader(packet, out header, out options, out payload) || header.TotalLength < header.Length || header.TotalLength > packet.Length)
        {
            payload = default;
            return false;
        }

        payload = packet[header.Length..header.TotalLength];
        return true;
    }

    /// <summary>Reads a header whose payload may be cut short, as in the quotation of an ICMP error (RFC 792).</summary>
    /// <param name="rest">All bytes behind the header.</param>
    public static bool TryParseHeader(ReadOnlySpan<byte> packet, out IPv4Header header, out ReadOnlySpan<byte> options, out ReadOnlySpan<byte> rest)
    {
        header = default;
        options = default;
        rest = default;
        if (packet.Length < MinLength || packet[0] >> 4 != 4)
        {
            return false;
        }

        int length = (packet[0] & 0xf) * 4;
        if (length < MinLength || length > packet.Length)
        {
            return false;
        }

        ushort fragment = BinaryPrimitives.ReadUInt16BigEndian(packet[6..]);
        header = new IPv4Header(new IPAddress(packet[12..16]), new IPAddress(packet[16..20]), (IpProtocol)packet[9])
        {
            TrafficClass = packet[1],
            TotalLength = BinaryPrimitives.ReadUInt16BigEndian(packet[2..]),
            Identification = BinaryPrimitives.ReadUInt16BigEndian(packet[4..]),
            Flags = (IPv4Flags)(fragment >> 13),
            FragmentOffset = (ushort)(fragment & 0x1fff),
            TimeToLive = packet[8],
            Checksum = BinaryPrimitives.ReadUInt16BigEndian(packet[10..]),
            OptionsLength = length - MinLength,
        };
        options = packet[MinLength..length];
        rest = packet[length..];
        return true;
    }

    /// <summary>Writes <see cref="Length"/> bytes with a correct checksum.</summary>
    /// <param name="options"><see cref="OptionsLength"/> bytes.</param>
    public void Write(Span<byte> destination, ReadOnlySpan<byte> options = default)
    {
        HeaderOptions.Require(options, OptionsLength);
        destination[0] = (byte)(0x40 | Length / 4);
        destination[1] = TrafficClass;
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], TotalLength);
        BinaryPrimitives.WriteUInt16BigEndian(destination[4..], Identification);
        BinaryPrimitives.WriteUInt16BigEndian(destination[6..], (ushort)((int)Flags << 13 | (FragmentOffset & 0x1fff)));
        destination[8] = TimeToLive;
        destination[9] = (byte)Protocol;
        destination[10] = destination[11] = 0;
        IpAddresses.WriteIPv4(Source, destination[12..]);
        IpAddresses.WriteIPv4(Destination, destination[16..]);
        options.CopyTo(destination[MinLength..]);
        BinaryPrimitives.WriteUInt16BigEndian(destination[10..], InternetChecksum.Compute(destination[..Length]));
    }
}

/// <summary>The three flag bits of IPv4.</summary>
[Flags]
public enum IPv4Flags : byte
{
    None = 0,
    MoreFragments = 1,
    DontFragment = 2,

    /// <summary>Must be zero.</summary>
    Reserved = 4,
}
