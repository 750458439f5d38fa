using System.Net;
using System.Runtime.InteropServices;
using Hnv.Model.Addressing;

namespace Hnv.Datapath.Layouts;

/// <summary>struct hnv_mac_key: (virtual subnet, MAC).</summary>
[KernelStruct("hnv_mac_key")]
[StructLayout(LayoutKind.Sequential, Pack = 4)]
public readonly record struct MacKey(NetworkUInt32 Vsid, KernelMac Mac, ushort Zero)
{
    public MacKey(uint vsid, MacAddress mac)
        : this(NetworkUInt32.ToNetwork(vsid), KernelMac.From(mac), 0)
    {
    }
}

/// <summary>struct hnv_location: where an adapter is.</summary>
/// <param name="Pa">None when local.</param>
/// <param name="Ifindex">0 when remote.</param>
[KernelStruct("hnv_location")]
[StructLayout(LayoutKind.Sequential, Pack = 4)]
public readonly record struct LocationEntry(KernelAddress Pa, uint Ifindex)
{
    /// <summary>At a port of this host.</summary>
    public static LocationEntry Local(int interfaceIndex) => new(KernelAddress.None, (uint)interfaceIndex);

    /// <summary>At another host.</summary>
    public static LocationEntry Remote(IPAddress providerAddress) => new(KernelAddress.From(providerAddress), 0);
}
