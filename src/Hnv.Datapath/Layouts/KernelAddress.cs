using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Hnv.Datapath.Layouts;

/// <summary>struct hnv_addr: 16 bytes in network order, an IPv4 address as ::ffff:a.b.c.d. All zero means none.</summary>
[KernelStruct("hnv_addr")]
[StructLayout(LayoutKind.Sequential, Pack = 4)]
public readonly record struct KernelAddress
{
    private readonly ulong _first;
    private readonly ulong _second;

    /// <summary>No address.</summary>
    public static KernelAddress None => default;

    /// <summary>True for all zero.</summary>
    public bool IsNone => _first == 0 && _second == 0;

    /// <summary>Takes an address of either family; null is <see cref="None"/>. A scope number is dropped.</summary>
    public static KernelAddress From(IPAddress? address)
    {
        if (address is null)
        {
            return default;
        }

        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        if (address.AddressFamily == AddressFamily.InterNetwork)
        {
            bytes[10] = bytes[11] = 0xff;
            address.TryWriteBytes(bytes[12..], out _);
        }
        else
        {
            address.TryWriteBytes(bytes, out _);
        }

        return MemoryMarshal.Read<KernelAddress>(bytes);
    }

    public static implicit operator KernelAddress(IPAddress? address) => From(address);

    /// <summary>IPv4-mapped addresses come back as IPv4; null when there is none.</summary>
    public IPAddress? ToIPAddress()
    {
        if (IsNone)
        {
            return null;
        }

        var address = new IPAddress(MemoryMarshal.AsBytes(new ReadOnlySpan<KernelAddress>(in this)));
        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
    }

    public override string ToString() => ToIPAddress()?.ToString() ?? "none";
}
