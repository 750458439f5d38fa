using System.Buffers.Binary;
using Hnv.Model.Addressing;

namespace Hnv.Wire;

/// <summary>
/// Ethernet II header with at most one 802.1Q or 802.1ad tag. With two tags <see cref="Type"/> is that of the second, which begins the payload.
/// <code>
/// | destination 6 | source 6 | [ TPID 2 | TCI 2 ] | type 2 |
/// </code>
/// </summary>
public readonly record struct EthernetHeader(MacAddress Destination, MacAddress Source, EtherType Type, VlanTag? Tag = null)
{
    /// <summary>Bytes of an untagged header.</summary>
    public const int UntaggedLength = 14;

    /// <summary>Bytes of this header: 14, or 18 with a tag.</summary>
    public int Length => Tag is null ? UntaggedLength : UntaggedLength + VlanTag.Length;

    /// <summary>Reads a header. The payload includes padding and, if it was captured, the frame check sequence.</summary>
    /// <returns>False when the bytes end inside the header.</returns>
    public static bool TryParse(ReadOnlySpan<byte> frame, out EthernetHeader header, out ReadOnlySpan<byte> payload)
    {
        header = default;
        payload = default;
        if (frame.Length < UntaggedLength)
        {
            return false;
        }

        var type = (EtherType)BinaryPrimitives.ReadUInt16BigEndian(frame[12..]);
        VlanTag? tag = null;
        if (type is EtherType.Vlan or EtherType.ServiceVlan)
        {
            if (frame.Length < UntaggedLength + VlanTag.Length)
            {
                return false;
            }

            tag = new VlanTag(type, BinaryPrimitives.ReadUInt16BigEndian(frame[14..]));
            type = (EtherType)BinaryPrimitives.ReadUInt16BigEndian(frame[16..]);
        }

        header = new EthernetHeader(MacAddress.FromBytes(frame), MacAddress.FromBytes(frame[6..]), type, tag);
        payload = frame[header.Length..];
        return true;
    }

    /// <summary>Writes <see cref="Length"/> bytes.</summary>
    public void Write(Span<byte> destination)
    {
        Destination.CopyTo(destination);
        Source.CopyTo(destination[6..]);
        if (Tag is { } tag)
        {
            BinaryPrimitives.WriteUInt16BigEndian(destination[12..], (ushort)tag.Protocol);
            BinaryPrimitives.WriteUInt16BigEndian(destination[14..], tag.Control);
        }

        BinaryPrimitives.WriteUInt16BigEndian(destination[(Length - 2)..], (ushort)Type);
    }
}
