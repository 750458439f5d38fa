using System.Buffers.Binary;

namespace Hnv.Wire;

/// <summary>TCP header (RFC 9293, section 3.1), host byte order. Options are handed out apart.</summary>
public readonly record struct TcpHeader(ushort SourcePort, ushort DestinationPort, uint Sequence, uint Acknowledgment, TcpFlags Flags)
{
    /// <summary>Bytes of a header without options.</summary>
    public const int MinLength = 20;

    public ushort Window { get; init; }

    /// <summary>As on the wire.</summary>
    public ushort Checksum { get; init; }

    public ushort UrgentPointer { get; init; }

    /// <summary>Bytes of options, a multiple of 4 up to 40.</summary>
    public int OptionsLength { get; init; }

    public int Length => MinLength + OptionsLength;

    /// <returns>False when truncated or the data offset contradicts.</returns>
    public static bool TryParse(ReadOnlySpan<byte> segment, out TcpHeader header, out ReadOnlySpan<byte> options, out ReadOnlySpan<byte> payload)
    {
        header = default;
        options = default;
        payload = default;
        if (segment.Length < MinLength)
        {
            return false;
        }

        int length = (segment[12] >> 4) * 4;
        if (length < MinLength || length > segment.Length)
        {
            return false;
        }

        header = new TcpHeader(
            BinaryPrimitives.ReadUInt16BigEndian(segment),
            BinaryPrimitives.ReadUInt16BigEndian(segment[2..]),
            BinaryPrimitives.ReadUInt32BigEndian(segment[4..]),
            BinaryPrimitives.ReadUInt32BigEndian(segment[8..]),
            (TcpFlags)segment[13])
        {
            Window = BinaryPrimitives.ReadUInt16BigEndian(segment[14..]),
            Checksum = BinaryPrimitives.ReadUInt16BigEndian(segment[16..]),
            UrgentPointer = BinaryPrimitives.ReadUInt16BigEndian(segment[18..]),
            OptionsLength = length - MinLength,
        };
        options = segment[MinLength..length];
        payload = segment[length..];
        return true;
    }

    /// <summary>Writes <see cref="Length"/> bytes, with <see cref="Checksum"/> as it is.</summary>
    /// <param name="options"><see cref="OptionsLength"/> bytes.</param>
    public void Write(Span<byte> destination, ReadOnlySpan<byte> options = default)
    {
        HeaderOptions.Require(options, OptionsLength);
        BinaryPrimitives.WriteUInt16BigEndian(destination, SourcePort);
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], DestinationPort);
        BinaryPrimitives.WriteUInt32BigEndian(destination[4..], Sequence);
        BinaryPrimitives.WriteUInt32BigEndian(destination[8..], Acknowledgment);
        destination[12] = (byte)(Length / 4 << 4);
        destination[13] = (byte)Flags;
        BinaryPrimitives.WriteUInt16BigEndian(destination[14..], Window);
        BinaryPrimitives.WriteUInt16BigEndian(destination[16..], Checksum);
        BinaryPrimitives.WriteUInt16BigEndian(destination[18..], UrgentPointer);
        options.CopyTo(destination[MinLength..]);
    }
}

/// <summary>Control bits of TCP.</summary>
[Flags]
public enum TcpFlags : byte
{
    None = 0,
    Fin = 0x01,
    Syn = 0x02,
    Rst = 0x04,
    Psh = 0x08,
    Ack = 0x10,
    Urg = 0x20,
    Ece = 0x40,
    Cwr = 0x80,
}
