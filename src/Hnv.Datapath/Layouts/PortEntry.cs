using System.Runtime.InteropServices;
using Hnv.Model.Addressing;

namespace Hnv.Datapath.Layouts;

/// <summary>struct hnv_port: what is bound at an interface. Key: interface index.</summary>
/// <param name="Vsid">Virtual subnet.</param>
/// <param name="Rd">Host-local number of the routing domain.</param>
/// <param name="PortId">Key of its counters; never 0.</param>
/// <param name="LearnLimit">Customer addresses that it may hold by learning; 0: it learns none.</param>
/// <param name="LearnSources">What counts as proof.</param>
/// <param name="Encapsulation">Of its VM network.</param>
/// <param name="StormLimit">Frames that flood, per second; 0: no limit.</param>
[KernelStruct("hnv_port")]
[StructLayout(LayoutKind.Sequential, Pack = 4)]
public readonly record struct PortEntry(
    NetworkUInt32 Vsid, NetworkUInt32 Rd, uint PortId, PortFlags Flags, KernelMac Mac, ushort LearnLimit, LearnSources LearnSources, Encapsulation Encapsulation,
    uint StormLimit)
{
    public PortEntry(uint vsid, uint rd, uint portId, PortFlags flags, MacAddress mac)
        : this(NetworkUInt32.ToNetwork(vsid), NetworkUInt32.ToNetwork(rd), portId, flags, KernelMac.From(mac), 0, LearnSources.None, Encapsulation.Nvgre, 0)
    {
    }

    /// <summary>
    /// Whether it is the same adapter at the same place, however it may be set: what it learned stays its own. That its subnet has routes of its own now, or
    /// has none any more, changes its number and not its place.
    /// </summary>
    public bool IsSameAdapter(PortEntry other) =>
        Vsid == other.Vsid && PortId == other.PortId && Mac == other.Mac
        && (Rd == other.Rd || !IRoutingDomains.IsDomain(Rd.ToHost()) || !IRoutingDomains.IsDomain(other.Rd.ToHost()));
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

    /// <summary>No DHCP or DHCPv6 server answers from this port.</summary>
    DhcpGuard = 4,

    /// <summary>No router advertisement and no redirect from this port.</summary>
    RouterGuard = 8,

    /// <summary>The port of an adapter that moves here: its first frame makes the move take effect.</summary>
    Prepared = 16,
}
