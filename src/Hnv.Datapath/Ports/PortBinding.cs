using Hnv.Datapath.Layouts;
using Hnv.Model.Addressing;

namespace Hnv.Datapath.Ports;

/// <summary>A port: where a virtual subnet meets an interface.</summary>
/// <param name="InterfaceIndex">In the calling thread's network namespace.</param>
/// <param name="PortId">Key of its counters; never 0.</param>
/// <param name="Rd">Number of the routing domain, from <see cref="IRoutingDomains.Number"/>.</param>
/// <param name="Vsid">Virtual subnet, host byte order.</param>
/// <param name="Mac">Of the VM's adapter.</param>
public sealed record PortBinding(int InterfaceIndex, uint PortId, uint Rd, uint Vsid, MacAddress Mac)
{
    /// <summary>What kind of device it is; found out when not said.</summary>
    public PortDevice Device { get; init; }

    /// <summary>Customer addresses that the VM may bring of its own; 0: none.</summary>
    public ushort LearnLimit { get; init; }

    /// <summary>What counts as proof that it has one.</summary>
    public LearnSources LearnSources { get; init; }

    /// <summary>Of its VM network.</summary>
    public Encapsulation Encapsulation { get; init; }

    /// <summary>Frames that flood, per second; 0: no limit.</summary>
    public uint StormLimit { get; init; }

    /// <summary>No DHCP or DHCPv6 server answers from this port.</summary>
    public bool DhcpGuard { get; init; }

    /// <summary>No router advertisement and no redirect from this port.</summary>
    public bool RouterGuard { get; init; }

    /// <summary>Its adapter is on another host and moves here: its first frame makes that take effect.</summary>
    public bool Prepared { get; init; }
}

/// <summary>How frames reach the VM behind a port.</summary>
public enum PortDevice
{
    /// <summary>Look at the device: its kind, and where its other end is.</summary>
    Detect = 0,

    /// <summary>veth whose other end is in another network namespace.</summary>
    VethPeer,

    /// <summary>veth with both ends here: the plain way.</summary>
    Veth,

    /// <summary>tap or anything else: decapsulated super-packets are normalised first.</summary>
    Normalise,
}
