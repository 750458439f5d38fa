using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Hnv.Model.Addressing;

/// <summary>Arithmetic on addresses and prefixes of both families.</summary>
public static class AddressExtensions
{
    /// <summary>32 or 128.</summary>
    public static int GetMaxLength(this IPAddress address) => address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;

    /// <summary>0.0.0.0 or ::, by which records stand for all addresses, and next hops for on-link.</summary>
    public static bool IsUnspecified(this IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    /// <summary>The address as a number, the first octet highest; IPv4 in the lowest 32 bits.</summary>
    public static UInt128 ToNumber(this IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        _ = address.TryWriteBytes(bytes, out int length);
        return length == 4 ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    /// <summary>The reverse of <see cref="ToNumber"/>.</summary>
    public static IPAddress ToAddress(this UInt128 number, AddressFamily family)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, number);
        return new IPAddress(family == AddressFamily.InterNetwork ? bytes[12..] : bytes);
    }

    /// <summary>The prefix of that length around the address.</summary>
    public static IPNetwork GetPrefix(this IPAddress address, int length)
    {
        UInt128 host = HostMask(address.GetMaxLength(), length);
        return new IPNetwork((address.ToNumber() & ~host).ToAddress(address.AddressFamily), length);
    }

    /// <summary>The prefix's last address: in IPv4 the directed broadcast.</summary>
    public static IPAddress GetLastAddress(this IPNetwork prefix) =>
        (prefix.BaseAddress.ToNumber() | HostMask(prefix.BaseAddress.GetMaxLength(), prefix.PrefixLength)).ToAddress(prefix.BaseAddress.AddressFamily);

    /// <summary>
    /// Whether the address is in the prefix. <see cref="IPNetwork.Contains"/> answers true for every IPv4-mapped address (::ffff:0:0/96),
    /// whatever the IPv6 prefix (.NET 10.0).
    /// </summary>
    public static bool Covers(this IPNetwork prefix, IPAddress address)
    {
        if (prefix.BaseAddress.AddressFamily != address.AddressFamily)
        {
            return false;
        }

        UInt128 host = HostMask(address.GetMaxLength(), prefix.PrefixLength);
        return (address.ToNumber() & ~host) == prefix.BaseAddress.ToNumber();
    }

    /// <summary>Whether every address of <paramref name="inner"/> is in <paramref name="outer"/>.</summary>
    public static bool Covers(this IPNetwork outer, IPNetwork inner) =>
        outer.PrefixLength <= inner.PrefixLength && outer.Covers(inner.BaseAddress);

    private static UInt128 HostMask(int max, int length) => length == 0 && max == 128 ? UInt128.MaxValue : (UInt128.One << (max - length)) - 1;
}
