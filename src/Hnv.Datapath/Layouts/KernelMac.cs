using System.Runtime.InteropServices;
using Hnv.Model.Addressing;

namespace Hnv.Datapath.Layouts;

/// <summary>__u8 mac[6]: six octets in transmission order.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public readonly record struct KernelMac
{
    private readonly ushort _first;
    private readonly ushort _second;
    private readonly ushort _third;

    public static implicit operator KernelMac(MacAddress mac) => From(mac);

    public static KernelMac From(MacAddress mac)
    {
        Span<byte> bytes = stackalloc byte[MacAddress.Length];
        mac.CopyTo(bytes);
        return MemoryMarshal.Read<KernelMac>(bytes);
    }

    public MacAddress ToMacAddress() => MacAddress.FromBytes(MemoryMarshal.AsBytes(new ReadOnlySpan<KernelMac>(in this)));

    public override string ToString() => ToMacAddress().ToString();
}
