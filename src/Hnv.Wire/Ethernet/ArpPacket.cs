using System.Buffers.Binary;
using System.Net;
using Hnv.Model.Addressing;

namespace Hnv.Wire;

/// <summary>ARP for IPv4 over Ethernet (RFC 826), 28 bytes. Announcements and probes: RFC 5227.</summary>
public readonly record struct ArpPacket(ArpOperation Operation, MacAddress SenderMac, IPAddress SenderAddress, MacAddress TargetMac, IPAddress TargetAddress)
{
    public const int Length = 28;

    private const ulong Preamble = 0x0001_0800_06_04; // Ethernet, IPv4, address lengths

    /// <summary>Gratuitous: sender and target address are the same (RFC 5227, section 3).</summary>
    public bool IsGratuitous => SenderAddress.Equals(TargetAddress);

    /// <returns>False when truncated, or for other hardware or protocol addresses. Any operation is accepted.</returns>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out ArpPacket packet)
    {
        packet = default;
        if (bytes.Length < Length || BinaryPrimitives.ReadUInt64BigEndian(bytes) >> 16 != Preamble)
        {
            return false;
        }

        packet = new ArpPacket(
            (ArpOperation)BinaryPrimitives.ReadUInt16BigEndian(bytes[6..]),
            MacAddress.FromBytes(bytes[8..]),
            new IPAddress(bytes[14..18]),
            MacAddress.FromBytes(bytes[18..]),
            new IPAddress(bytes[24..28]));
        return true;
    }

    /// <summary>Writes <see cref="Length"/> bytes.</summary>
    /// <exception cref="ArgumentException">An address is not IPv4.</exception>
    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, Preamble << 16 | (ushort)Operation);
        SenderMac.CopyTo(destination[8..]);
        IpAddresses.WriteIPv4(SenderAddress, destination[14..]);
        TargetMac.CopyTo(destination[18..]);
        IpAddresses.WriteIPv4(TargetAddress, destination[24..]);
    }
}

/// <summary>ar$op.</summary>
public enum ArpOperation : ushort
{
    None = 0,
    Request = 1,
    Reply = 2,
}
