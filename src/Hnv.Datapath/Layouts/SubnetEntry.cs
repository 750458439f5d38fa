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
/// <param name="Group">Provider multicast group that floods go to; none: a copy for each member's host.</param>
/// <param name="LocalMembers">Entries of the members from slot 0.</param>
/// <param name="RemoteMembers">Entries of the members from slot <see cref="MemberKey.Remote"/>.</param>
/// <param name="Epoch">Of what is learned from now on.</param>
[KernelStruct("hnv_subnet")]
[StructLayout(LayoutKind.Sequential, Pack = 4)]
public readonly record struct SubnetEntry(
    NetworkUInt32 Rd, KernelMac GatewayMac, Encapsulation Encapsulation, SubnetFlags Flags, KernelAddress Gateway4, KernelAddress Gateway6,
    KernelAddress Group, uint LocalMembers, uint RemoteMembers, uint Epoch)
{
    public SubnetEntry(uint rd, MacAddress gatewayMac, IPAddress? gateway4, IPAddress? gateway6)
        : this(
            NetworkUInt32.ToNetwork(rd), KernelMac.From(gatewayMac), Encapsulation.Nvgre, SubnetFlags.None, KernelAddress.From(gateway4), KernelAddress.From(gateway6),
            KernelAddress.None, 0, 0, 0)
    {
    }
}

/// <summary>HNV_SUBNET_*.</summary>
[Flags]
public enum SubnetFlags : byte
{
    None = 0,

    /// <summary>What VMs announce is learned.</summary>
    Learns = 1,

    /// <summary>Broadcast and multicast go to the members.</summary>
    Floods = 2,
}

/// <summary>HNV_ENCAP_*.</summary>
public enum Encapsulation : byte
{
    /// <summary>RFC 7637.</summary>
    Nvgre = 0,

    /// <summary>RFC 7348.</summary>
    Vxlan = 1,
}
