using System.Runtime.InteropServices;
using Hnv.Model.Addressing;

namespace Hnv.Datapath.Layouts;

/// <summary>struct hnv_port: what is bound at an interface. Key: interface index.</summary>
/// <param name="Vsid">Virtual subnet.</param>
/// <param name="Rd">Host-local number of the routing domain.</param>
/// <param name="PortId">Key of its counters; never 0.</param>
[KernelStruct("hnv_port")]
[StructLayout(LayoutKind.Sequential, Pack = 4)]
public readonly record struct PortEntry(NetworkUInt32 Vsid, NetworkUInt32 Rd, uint PortId, PortFlags Flags, KernelMac Mac)
{
    public PortEntry(uint vsid, uint rd, uint portId, PortFlags flags, MacAddress mac)
        : this(NetworkUInt32.ToNetwork(vsid), NetworkUInt32.ToNetwork(rd), portId, flags, KernelMac.From(mac))
    {
    }
}

/// <summary>HNV_PORT_*.</summary>
[Flags]
public enum PortFlags : ushort
{
    None = 0,

    /// <summary>A veth whose other end is in a VM's namespace.</summary>
    Peer = 1,

    /// <summary>A tap or other device: decapsulated super-packets must lose their tunnel state first.</summary>
    Normalise = 2,
}
