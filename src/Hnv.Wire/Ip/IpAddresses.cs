using System.Net;
using System.Net.Sockets;
using Hnv.Model.Addressing;

namespace Hnv.Wire;

/// <summary>Addresses derived from other addresses, and their bytes.</summary>
public static class IpAddresses
{
    /// <summary>The link-local address that a MAC makes: fe80::/64 and the modified EUI-64 (RFC 4291, appendix A).</summary>
    public static IPAddress LinkLocal(MacAddress mac)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        bytes[0] = 0xfe;
        bytes[1] = 0x80;
        Span<byte> octets = stackalloc byte[MacAddress.Length];
        mac.CopyTo(octets);
        octets[..3].CopyTo(bytes[8..]);
        octets[3..].CopyTo(bytes[13..]);
        bytes[8] ^= 2; // universal/local bit
        bytes[11] = 0xff;
        bytes[12] = 0xfe;
        return new IPAddress(bytes);
    }

    /// <summary>ff02::1:ffXX:XXXX, where neighbour solicitations for an address go (RFC 4291, section 2.7.1).</summary>
    public static IPAddress SolicitedNode(IPAddress address)
    {
        byte[] unicast = address.GetAddressBytes();
        byte[] group = [0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, unicast[^3], unicast[^2], unicast[^1]];
        return new IPAddress(group);
    }

    /// <summary>The Ethernet address of an IP multicast group: RFC 1112, section 6.4 (IPv4), RFC 2464, section 7 (IPv6).</summary>
    public static MacAddress MulticastMac(IPAddress group)
    {
        byte[] bytes = group.GetAddressBytes();
        return bytes.Length == 4
            ? MacAddress.FromBytes([0x01, 0x00, 0x5e, (byte)(bytes[1] & 0x7f), bytes[2], bytes[3]])
            : MacAddress.FromBytes([0x33, 0x33, bytes[12], bytes[13], bytes[14], bytes[15]]);
    }

    internal static void WriteIPv4(IPAddress address, Span<byte> destination) => Write(address, AddressFamily.InterNetwork, destination);

    internal static void WriteIPv6(IPAddress address, Span<byte> destination) => Write(address, AddressFamily.InterNetworkV6, destination);

    private static void Write(IPAddress address, AddressFamily family, Span<byte> destination)
    {
        if (address.AddressFamily != family || !address.TryWriteBytes(destination, out _))
        {
            throw new ArgumentException($"{address} is not of the family {family}, or there is no room for it.", nameof(address));
        }
    }
}
