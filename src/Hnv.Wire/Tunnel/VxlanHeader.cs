using System.Buffers.Binary;

namespace Hnv.Wire;

/// <summary>
/// VXLAN header (RFC 7348, section 5), behind UDP and in front of an Ethernet frame. 8 bytes.
/// <code>
/// | flags 8: I | reserved 24 | VNI 24 | reserved 8 |
/// </code>
/// </summary>
/// <param name="VirtualSubnetId">The VNI: 24 bits, host byte order.</param>
public readonly record struct VxlanHeader(uint VirtualSubnetId)
{
    public const int Length = 8;

    /// <summary>Destination port, unless hosts agree on another one.</summary>
    public const ushort Port = 4789;

    private const byte ValidVni = 0x08;

    /// <returns>False when truncated, or without the I flag. Reserved bits are ignored.</returns>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out VxlanHeader header, out ReadOnlySpan<byte> frame)
    {
        header = default;
        frame = default;
        if (bytes.Length < Length || (bytes[0] & ValidVni) == 0)
        {
            return false;
        }

        header = new VxlanHeader(BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]) >> 8);
        frame = bytes[Length..];
        return true;
    }

    /// <summary>Writes <see cref="Length"/> bytes, reserved bits as zero.</summary>
    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt32BigEndian(destination, (uint)ValidVni << 24);
        BinaryPrimitives.WriteUInt32BigEndian(destination[4..], VirtualSubnetId << 8);
    }
}
