using System.Buffers.Binary;
using System.Net;

namespace Hnv.Wire;

/// <summary>The checksum of IPv4, ICMP, UDP and TCP: the complement of the one's complement sum of 16-bit words (RFC 1071).</summary>
public static class InternetChecksum
{
    /// <summary>The checksum of bytes whose checksum field is zero.</summary>
    public static ushort Compute(ReadOnlySpan<byte> data) => Finish(Add(0, data));

    /// <summary>The checksum of a transport message whose checksum field is zero, with the pseudo header of its IP version.</summary>
    public static ushort Compute(IPAddress source, IPAddress destination, IpProtocol protocol, ReadOnlySpan<byte> message) =>
        Finish(Add(PseudoHeader(source, destination, protocol, message.Length), message));

    /// <summary>Whether bytes that contain their own checksum add up.</summary>
    public static bool IsValid(ReadOnlySpan<byte> data) => Compute(data) == 0;

    /// <summary>Whether a transport message that contains its checksum adds up with its pseudo header.</summary>
    public static bool IsValid(IPAddress source, IPAddress destination, IpProtocol protocol, ReadOnlySpan<byte> message) =>
        Compute(source, destination, protocol, message) == 0;

    /// <summary>Adds bytes to a running sum. Only the last of several pieces may have an odd length.</summary>
    public static ulong Add(ulong sum, ReadOnlySpan<byte> data)
    {
        for (; data.Length >= 2; data = data[2..])
        {
            sum += BinaryPrimitives.ReadUInt16BigEndian(data);
        }

        return data.Length == 1 ? sum + ((ulong)data[0] << 8) : sum;
    }

    /// <summary>Folds the carries and complements.</summary>
    public static ushort Finish(ulong sum)
    {
        while (sum > ushort.MaxValue)
        {
            sum = (sum & ushort.MaxValue) + (sum >> 16);
        }

        return (ushort)~sum;
    }

    /// <summary>The sum of the pseudo header: RFC 9293, section 3.1 (IPv4), RFC 8200, section 8.1 (IPv6).</summary>
    private static ulong PseudoHeader(IPAddress source, IPAddress destination, IpProtocol protocol, int length)
    {
        Span<byte> address = stackalloc byte[16];
        ulong sum = (ulong)protocol + (ulong)(length >> 16) + (ulong)(length & 0xffff);
        foreach (IPAddress each in (ReadOnlySpan<IPAddress>)[source, destination])
        {
            each.TryWriteBytes(address, out int written);
            sum = Add(sum, address[..written]);
        }

        return sum;
    }
}
