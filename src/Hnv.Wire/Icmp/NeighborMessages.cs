using System.Buffers.Binary;
using System.Net;

namespace Hnv.Wire;

/// <summary>Neighbour solicitation (RFC 4861, section 4.3), with the ICMPv6 header 24 bytes before its options.</summary>
public readonly record struct NeighborSolicitation(IPAddress Target)
{
    public const int Length = 24;

    /// <returns>False when truncated or of another type.</returns>
    public static bool TryParse(ReadOnlySpan<byte> message, out NeighborSolicitation solicitation, out ReadOnlySpan<byte> options)
    {
        solicitation = default;
        options = default;
        if (message.Length < Length || message[0] != (byte)IcmpV6Type.NeighborSolicitation || message[1] != 0)
        {
            return false;
        }

        solicitation = new NeighborSolicitation(new IPAddress(message[8..24]));
        options = message[Length..];
        return true;
    }

    /// <summary>Writes <see cref="Length"/> bytes, the checksum as zero.</summary>
    public void Write(Span<byte> destination)
    {
        new IcmpHeader(IcmpV6Type.NeighborSolicitation, 0, 0).Write(destination);
        IpAddresses.WriteIPv6(Target, destination[8..]);
    }
}

/// <summary>Neighbour advertisement (RFC 4861, section 4.4), with the ICMPv6 header 24 bytes before its options.</summary>
public readonly record struct NeighborAdvertisement(IPAddress Target, NeighborAdvertisementFlags Flags)
{
    public const int Length = 24;

    /// <returns>False when truncated or of another type.</returns>
    public static bool TryParse(ReadOnlySpan<byte> message, out NeighborAdvertisement advertisement, out ReadOnlySpan<byte> options)
    {
        advertisement = default;
        options = default;
        if (message.Length < Length || message[0] != (byte)IcmpV6Type.NeighborAdvertisement || message[1] != 0)
        {
            return false;
        }

        advertisement = new NeighborAdvertisement(new IPAddress(message[8..24]), (NeighborAdvertisementFlags)(message[4] & 0xe0));
        options = message[Length..];
        return true;
    }

    /// <summary>Writes <see cref="Length"/> bytes, the checksum as zero.</summary>
    public void Write(Span<byte> destination)
    {
        new IcmpHeader(IcmpV6Type.NeighborAdvertisement, 0, (uint)Flags << 24).Write(destination);
        IpAddresses.WriteIPv6(Target, destination[8..]);
    }
}

/// <summary>Flags of a neighbour advertisement, as in the fifth byte of the message.</summary>
[Flags]
public enum NeighborAdvertisementFlags : byte
{
    None = 0,
    Override = 0x20,
    Solicited = 0x40,
    Router = 0x80,
}

/// <summary>Router solicitation (RFC 4861, section 4.1): the ICMPv6 header alone before its options.</summary>
public readonly record struct RouterSolicitation
{
    public const int Length = IcmpHeader.Length;

    /// <returns>False when truncated or of another type.</returns>
    public static bool TryParse(ReadOnlySpan<byte> message, out ReadOnlySpan<byte> options)
    {
        options = default;
        if (message.Length < Length || message[0] != (byte)IcmpV6Type.RouterSolicitation || message[1] != 0)
        {
            return false;
        }

        options = message[Length..];
        return true;
    }

    /// <summary>Writes <see cref="Length"/> bytes, the checksum as zero.</summary>
    public static void Write(Span<byte> destination) => new IcmpHeader(IcmpV6Type.RouterSolicitation, 0, 0).Write(destination);
}

/// <summary>Router advertisement (RFC 4861, section 4.2), with the ICMPv6 header 16 bytes before its options.</summary>
/// <param name="Flags">0x80 managed addresses, 0x40 other configuration; the rest as RFC 5175 says.</param>
/// <param name="RouterLifetime">Seconds.</param>
/// <param name="ReachableTime">Milliseconds.</param>
/// <param name="RetransmitTimer">Milliseconds.</param>
public readonly record struct RouterAdvertisement(byte HopLimit, byte Flags, ushort RouterLifetime, uint ReachableTime, uint RetransmitTimer)
{
    public const int Length = 16;

    /// <returns>False when truncated or of another type.</returns>
    public static bool TryParse(ReadOnlySpan<byte> message, out RouterAdvertisement advertisement, out ReadOnlySpan<byte> options)
    {
        advertisement = default;
        options = default;
        if (message.Length < Length || message[0] != (byte)IcmpV6Type.RouterAdvertisement || message[1] != 0)
        {
            return false;
        }

        advertisement = new RouterAdvertisement(
            message[4],
            message[5],
            BinaryPrimitives.ReadUInt16BigEndian(message[6..]),
            BinaryPrimitives.ReadUInt32BigEndian(message[8..]),
            BinaryPrimitives.ReadUInt32BigEndian(message[12..]));
        options = message[Length..];
        return true;
    }

    /// <summary>Writes <see cref="Length"/> bytes, the checksum as zero.</summary>
    public void Write(Span<byte> destination)
    {
        new IcmpHeader(IcmpV6Type.RouterAdvertisement, 0, (uint)HopLimit << 24 | (uint)Flags << 16 | RouterLifetime).Write(destination);
        BinaryPrimitives.WriteUInt32BigEndian(destination[8..], ReachableTime);
        BinaryPrimitives.WriteUInt32BigEndian(destination[12..], RetransmitTimer);
    }
}
