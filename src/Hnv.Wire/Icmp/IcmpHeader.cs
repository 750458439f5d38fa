using System.Buffers.Binary;

namespace Hnv.Wire;

/// <summary>The common 8 bytes of ICMP (RFC 792) and ICMPv6 (RFC 4443, section 2.1).</summary>
/// <param name="Type"><see cref="IcmpV4Type"/> or <see cref="IcmpV6Type"/>.</param>
/// <param name="Rest">The second word, host byte order: identifier and sequence number of an echo, MTU of a packet too big and so on.</param>
public readonly record struct IcmpHeader(byte Type, byte Code, uint Rest)
{
    public const int Length = 8;

    public IcmpHeader(IcmpV4Type type, byte code, uint rest)
        : this((byte)type, code, rest)
    {
    }

    public IcmpHeader(IcmpV6Type type, byte code, uint rest)
        : this((byte)type, code, rest)
    {
    }

    /// <summary>As on the wire; <see cref="Write"/> leaves zero, for it is computed over the whole message.</summary>
    public ushort Checksum { get; init; }

    /// <summary>Of an echo: identifier in the high half, sequence number in the low one.</summary>
    public static uint Echo(ushort identifier, ushort sequence) => (uint)identifier << 16 | sequence;

    /// <returns>False when truncated.</returns>
    public static bool TryParse(ReadOnlySpan<byte> message, out IcmpHeader header, out ReadOnlySpan<byte> payload)
    {
        header = default;
        payload = default;
        if (message.Length < Length)
        {
            return false;
        }

        header = new IcmpHeader(message[0], message[1], BinaryPrimitives.ReadUInt32BigEndian(message[4..]))
        {
            Checksum = BinaryPrimitives.ReadUInt16BigEndian(message[2..]),
        };
        payload = message[Length..];
        return true;
    }

    /// <summary>Writes <see cref="Length"/> bytes, the checksum as zero.</summary>
    public void Write(Span<byte> destination)
    {
        destination[0] = Type;
        destination[1] = Code;
        destination[2] = destination[3] = 0;
        BinaryPrimitives.WriteUInt32BigEndian(destination[4..], Rest);
    }
}
