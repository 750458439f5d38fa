using System.Buffers.Binary;

namespace Hnv.Wire;

/// <summary>
/// NVGRE (RFC 7637, section 3.2): GRE with a key, without checksum and sequence number, around an Ethernet frame. 8 bytes.
/// <code>
/// | 0x2000 | 0x6558 | virtual subnet identifier 24 | FlowID 8 |
/// </code>
/// </summary>
/// <param name="VirtualSubnetId">24 bits, host byte order.</param>
/// <param name="FlowId">Entropy for multipath; 0 when the sender makes none.</param>
public readonly record struct NvgreHeader(uint VirtualSubnetId, byte FlowId = 0)
{
    public const int Length = 8;

    private const ushort Flags = (ushort)GreFlags.Key;

    /// <returns>False when truncated, when any other flag, reserved or version bit is set, or when no Ethernet frame follows.</returns>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out NvgreHeader header, out ReadOnlySpan<byte> frame)
    {
        header = default;
        frame = default;
        if (bytes.Length < Length
            || BinaryPrimitives.ReadUInt16BigEndian(bytes) != Flags
            || BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]) != (ushort)EtherType.TransparentEthernetBridging)
        {
            return false;
        }

        uint key = BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]);
        header = new NvgreHeader(key >> 8, (byte)key);
        frame = bytes[Length..];
        return true;
    }

    /// <summary>Writes <see cref="Length"/> bytes.</summary>
    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt16BigEndian(destination, Flags);
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], (ushort)EtherType.TransparentEthernetBridging);
        BinaryPrimitives.WriteUInt32BigEndian(destination[4..], VirtualSubnetId << 8 | FlowId);
    }
}
