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
