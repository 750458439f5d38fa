using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Hnv.Model.Addressing;

/// <summary>Arithmetic on addresses and prefixes of both families.</summary>
public static class AddressExtensions
{
    /// <summary>32 or 128.</summary>
    public static int GetMaxLength(this IPAddress address) => address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;

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

    /// <summary>Whether one of the two contains the other.</summary>
    public static bool Overlaps(this IPNetwork a, IPNetwork b) =>
        a.BaseAddress.AddressFamily == b.BaseAddress.AddressFamily
        && (a.PrefixLength <= b.PrefixLength ? a.Holds(b.BaseAddress) : b.Holds(a.BaseAddress));

    /// <summary>Whether every address of <paramref name="inner"/> is in <paramref name="outer"/>.</summary>
    public static bool Contains(this IPNetwork outer, IPNetwork inner) =>
        outer.PrefixLength <= inner.PrefixLength && outer.BaseAddress.AddressFamily == inner.BaseAddress.AddressFamily
        && outer.Holds(inner.BaseAddress);

    /// <summary>IPNetwork.Contains of .NET 10 says yes to ::ffff:0:0 for every IPv6 prefix; this compares the bits.</summary>
    private static bool Holds(this IPNetwork prefix, IPAddress address) =>
        prefix.BaseAddress.ToNumber() == (address.ToNumber() & ~HostMask(address.GetMaxLength(), prefix.PrefixLength));

    private static UInt128 HostMask(int max, int length) => length == 0 && max == 128 ? UInt128.MaxValue : (UInt128.One << (max - length)) - 1;
}
