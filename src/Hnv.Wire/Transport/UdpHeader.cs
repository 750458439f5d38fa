using System.Buffers.Binary;

namespace Hnv.Wire;

/// <summary>UDP header (RFC 768), 8 bytes, host byte order.</summary>
/// <param name="MessageLength">Bytes of header and payload.</param>
public readonly record struct UdpHeader(ushort SourcePort, ushort DestinationPort, ushort MessageLength)
{
    public const int Length = 8;

    /// <summary>As on the wire; 0 says that the sender made none (IPv4 only).</summary>
    public ushort Checksum { get; init; }

    /// <returns>False when truncated or the length contradicts.</returns>
    public static bool TryParse(ReadOnlySpan<byte> message, out UdpHeader header, out ReadOnlySpan<byte> payload)
    {
        header = default;
        payload = default;
        if (message.Length < Length)
        {
            return false;
        }

        ushort length = BinaryPrimitives.ReadUInt16BigEndian(message[4..]);
        if (length < Length || length > message.Length)
        {
            return false;
        }

        header = new UdpHeader(BinaryPrimitives.ReadUInt16BigEndian(message), BinaryPrimitives.ReadUInt16BigEndian(message[2..]), length)
        {
            Checksum = BinaryPrimitives.ReadUInt16BigEndian(message[6..]),
        };
        payload = message[Length..length];
        return true;
    }

    /// <summary>Writes <see cref="Length"/> bytes, with <see cref="Checksum"/> as it is.</summary>
    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt16BigEndian(destination, SourcePort);
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], DestinationPort);
        BinaryPrimitives.WriteUInt16BigEndian(destination[4..], MessageLength);
        BinaryPrimitives.WriteUInt16BigEndian(destination[6..], Checksum);
    }
}
