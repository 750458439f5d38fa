using System.Buffers.Binary;

namespace Hnv.Wire;

/// <summary>
/// GRE header of version 0 (RFC 2784, section 2) with key and sequence number (RFC 2890, section 2); host byte order.
/// <code>
/// |C|R|K|S| reserved 9 | version 3 | protocol type 16 | [ checksum 16 | reserved 16 ] | [ key 32 ] | [ sequence 32 ] |
/// </code>
/// </summary>
/// <param name="Flags">The first 16 bits as they are.</param>
/// <param name="Protocol">EtherType of the payload.</param>
public readonly record struct GreHeader(GreFlags Flags, EtherType Protocol)
{
    /// <summary>Bytes of a header without optional fields.</summary>
    public const int MinLength = 4;

    private const ushort VersionMask = 0x0007;

    /// <summary>Meant when <see cref="GreFlags.Checksum"/> is set; as on the wire.</summary>
    public ushort Checksum { get; init; }

    /// <summary>Meant when <see cref="GreFlags.Key"/> is set.</summary>
    public uint Key { get; init; }

    /// <summary>Meant when <see cref="GreFlags.Sequence"/> is set.</summary>
    public uint Sequence { get; init; }

    public int Length => MinLength
        + (Flags.HasFlag(GreFlags.Checksum) ? 4 : 0)
        + (Flags.HasFlag(GreFlags.Key) ? 4 : 0)
        + (Flags.HasFlag(GreFlags.Sequence) ? 4 : 0);

    /// <returns>False when truncated, of another version (PPTP is 1), or with the source routing of RFC 1701.</returns>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out GreHeader header, out ReadOnlySpan<byte> payload)
    {
        header = default;
        payload = default;
        if (bytes.Length < MinLength)
        {
            return false;
        }

        var read = new GreHeader((GreFlags)BinaryPrimitives.ReadUInt16BigEndian(bytes), (EtherType)BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]));
        if (((ushort)read.Flags & VersionMask) != 0 || read.Flags.HasFlag(GreFlags.Routing) || bytes.Length < read.Length)
        {
            return false;
        }

        ReadOnlySpan<byte> rest = bytes[MinLength..];
        if (read.Flags.HasFlag(GreFlags.Checksum))
        {
            read = read with { Checksum = BinaryPrimitives.ReadUInt16BigEndian(rest) };
            rest = rest[4..];
        }

        if (read.Flags.HasFlag(GreFlags.Key))
        {
            read = read with { Key = BinaryPrimitives.ReadUInt32BigEndian(rest) };
            rest = rest[4..];
        }

        if (read.Flags.HasFlag(GreFlags.Sequence))
        {
            read = read with { Sequence = BinaryPrimitives.ReadUInt32BigEndian(rest) };
            rest = rest[4..];
        }

        header = read;
        payload = rest;
        return true;
    }

    /// <summary>Writes <see cref="Length"/> bytes, with <see cref="Checksum"/> as it is.</summary>
    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt16BigEndian(destination, (ushort)Flags);
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], (ushort)Protocol);
        Span<byte> rest = destination[MinLength..];
        if (Flags.HasFlag(GreFlags.Checksum))
        {
            BinaryPrimitives.WriteUInt32BigEndian(rest, (uint)Checksum << 16);
            rest = rest[4..];
        }

        if (Flags.HasFlag(GreFlags.Key))
        {
            BinaryPrimitives.WriteUInt32BigEndian(rest, Key);
            rest = rest[4..];
        }

        if (Flags.HasFlag(GreFlags.Sequence))
        {
            BinaryPrimitives.WriteUInt32BigEndian(rest, Sequence);
        }
    }
}

/// <summary>The first 16 bits of GRE.</summary>
[Flags]
public enum GreFlags : ushort
{
    None = 0,

    Sequence = 0x1000,
    Key = 0x2000,

    /// <summary>Of RFC 1701; must be zero since RFC 2784.</summary>
    Routing = 0x4000,
    Checksum = 0x8000,
}
