using System.Net;
using System.Runtime.InteropServices;
using Hnv.Model.Addressing;

namespace Hnv.Datapath.Layouts;

/// <summary>Key of the subnets: a VSID that is present on this host.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
public readonly record struct SubnetKey(NetworkUInt32 Vsid)
{
    public SubnetKey(uint vsid)
        : this(NetworkUInt32.ToNetwork(vsid))
    {
    }
}

/// <summary>struct hnv_subnet: a virtual subnet present on this host.</summary>
/// <param name="Gateway4">None when the subnet has no prefix of the family.</param>
[KernelStruct("hnv_subnet")]
[StructLayout(LayoutKind.Sequential, Pack = 4)]
public readonly record struct SubnetEntry(
    NetworkUInt32 Rd, KernelMac GatewayMac, Encapsulation Encapsulation, byte Flags, KernelAddress Gateway4, KernelAddress Gateway6)
{
    public SubnetEntry(uint rd, MacAddress gatewayMac, IPAddress? gateway4, IPAddress? gateway6)
        : this(NetworkUInt32.ToNetwork(rd), KernelMac.From(gatewayMac), Encapsulation.Nvgre, 0, KernelAddress.From(gateway4), KernelAddress.From(gateway6))
    {
    }
}

/// <summary>HNV_ENCAP_*.</summary>
public enum Encapsulation : byte
{
    Nvgre = 0,
}
