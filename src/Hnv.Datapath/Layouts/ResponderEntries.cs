using System.Buffers.Binary;
using System.Net;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Hnv.Datapath.Layouts;

/// <summary>struct hnv_lease: the addresses that policy gives the VM behind a port. Key: port number.</summary>
/// <param name="Address4">None: no IPv4 address is handed out.</param>
/// <param name="Address6">None: no IPv6 address is handed out.</param>
[KernelStruct("hnv_lease")]
[StructLayout(LayoutKind.Sequential, Pack = 4)]
public readonly record struct LeaseEntry(KernelAddress Address4, KernelAddress Address6);

/// <summary>struct hnv_dhcp4: what every DHCP client of a subnet is told. Key: <see cref="SubnetKey"/>.</summary>
/// <param name="Server">Server identifier, as it lies in memory: the subnet's gateway address.</param>
/// <param name="Length">Of the options, a multiple of 4.</param>
/// <param name="ShortLength">Of those for clients that take messages of 576 bytes: whole options, a multiple of 4.</param>
[KernelStruct("hnv_dhcp4")]
[StructLayout(LayoutKind.Sequential, Pack = 4)]
public readonly record struct Dhcp4Entry(NetworkUInt32 Server, uint LeaseSeconds, ushort Length, ushort ShortLength, OptionBytes Options)
{
    /// <summary>What the options may take of a message of 576 bytes; the rest is headers, the program's own options, and the client's identifier.</summary>
    public const int ShortCapacity = 240;

    /// <param name="options">Whole options, the most important first; from the first on that does not fit they are left out.</param>
    public static Dhcp4Entry Create(IPAddress server, uint leaseSeconds, params IEnumerable<byte[]> options)
    {
        ArgumentNullException.ThrowIfNull(server);
        List<byte> bytes = [];
        int shortLength = 0;
        bool fitsShort = true;
        foreach (byte[] option in options)
        {
            if (fitsShort && bytes.Count + option.Length > ShortCapacity)
            {
                fitsShort = false;
                shortLength = Pad(bytes);
            }

            if (bytes.Count + option.Length > OptionBytes.Capacity)
            {
                break;
            }

            bytes.AddRange(option);
        }

        int length = Pad(bytes);
        return new Dhcp4Entry(
            NetworkUInt32.ToNetwork(BinaryPrimitives.ReadUInt32BigEndian(server.GetAddressBytes())), leaseSeconds, (ushort)length,
            (ushort)(fitsShort ? length : shortLength), OptionBytes.From(CollectionsMarshal.AsSpan(bytes)));
    }

    private static int Pad(List<byte> options)
    {
        options.AddRange(Enumerable.Repeat((byte)0, -options.Count & 3)); // The pad option is one byte, zero.
        return options.Count;
    }
}

/// <summary>struct hnv_dhcp6: what every DHCPv6 client of a subnet is told. Key: <see cref="SubnetKey"/>.</summary>
/// <param name="Options">The first is the server identifier, a DUID-UUID.</param>
[KernelStruct("hnv_dhcp6")]
[StructLayout(LayoutKind.Sequential, Pack = 4)]
public readonly record struct Dhcp6Entry(uint PreferredSeconds, uint ValidSeconds, ushort Length, ushort Zero, OptionBytes Options)
{
    /// <param name="options">The server identifier first, then others that fit.</param>
    public static Dhcp6Entry Create(uint preferredSeconds, uint validSeconds, params IEnumerable<byte[]> options)
    {
        List<byte> bytes = [];
        foreach (byte[] option in options.TakeWhile(option => bytes.Count + option.Length <= OptionBytes.Capacity))
        {
            bytes.AddRange(option);
        }

        return new Dhcp6Entry(preferredSeconds, validSeconds, (ushort)bytes.Count, 0, OptionBytes.From(CollectionsMarshal.AsSpan(bytes)));
    }
}

/// <summary>struct hnv_router_advertisement: what the distributed gateway says of itself in a subnet. Key: <see cref="SubnetKey"/>.</summary>
/// <param name="Revision">Another one when the message is another: then every VM hears it soon.</param>
/// <param name="Length">Of the message, a multiple of 8.</param>
/// <param name="Message">From the ICMPv6 header on, with checksum 0.</param>
[KernelStruct("hnv_router_advertisement")]
[StructLayout(LayoutKind.Sequential, Pack = 4)]
public readonly record struct RouterAdvertisementEntry(uint Revision, ushort Length, ushort Zero, OptionBytes Message)
{
    /// <param name="message">From the ICMPv6 header on.</param>
    public static RouterAdvertisementEntry Create(ReadOnlySpan<byte> message)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(message, hash);
        return new RouterAdvertisementEntry(BinaryPrimitives.ReadUInt32BigEndian(hash), (ushort)message.Length, 0, OptionBytes.From(message));
    }
}

/// <summary>struct hnv_advertised: the last router advertisement that a VM got. Key: port number.</summary>
/// <param name="Ns">CLOCK_BOOTTIME.</param>
[KernelStruct("hnv_advertised")]
[StructLayout(LayoutKind.Sequential, Pack = 8)]
public readonly record struct AdvertisedEntry(ulong Ns, uint Revision, uint Zero);
