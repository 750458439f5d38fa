using System.Net;
using System.Net.NetworkInformation;
using Hnv.Linux.Namespaces;

namespace Hnv.Linux.Netlink;

/// <summary>A pair of virtual Ethernet devices.</summary>
public sealed record VethSpec(string Name, string PeerName)
{
    public PhysicalAddress? Mac { get; init; }

    public PhysicalAddress? PeerMac { get; init; }

    /// <summary>Of both ends.</summary>
    public int? Mtu { get; init; }

    /// <summary>Where the peer is made; null is where the first end is.</summary>
    public NetworkNamespace? PeerNamespace { get; init; }

    /// <summary>Queues of both ends, each direction; null leaves the choice to the kernel (one, or one per CPU).</summary>
    public int? Queues { get; init; }
}

public sealed record BridgeSpec(string Name)
{
    public PhysicalAddress? Mac { get; init; }

    public int? Mtu { get; init; }

    /// <summary>Off: multicast is flooded to all ports.</summary>
    public bool? MulticastSnooping { get; init; }
}

/// <param name="Id">VNI, 24 bit.</param>
public sealed record VxlanSpec(string Name, int Id)
{
    public IPAddress? Local { get; init; }

    /// <summary>A multicast group or the one remote end.</summary>
    public IPAddress? Remote { get; init; }

    /// <summary>UDP, host byte order. The kernel's own default is 8472; this is IANA's.</summary>
    public int DestinationPort { get; init; } = 4789;

    public bool Learning { get; init; } = true;

    /// <summary>Every VNI, told by and to whoever sends and receives (<c>external</c>); <see cref="Id"/> is not meant then.</summary>
    public bool IsExternal { get; init; }

    /// <summary>Over IPv6 UDP packets without checksum are sent and taken (RFC 6935).</summary>
    public bool ZeroChecksum6 { get; init; }

    /// <summary>Index of the underlying device; needed for a multicast group.</summary>
    public int? Device { get; init; }

    public PhysicalAddress? Mac { get; init; }

    public int? Mtu { get; init; }
}

/// <summary>What to change of an interface; what is null stays.</summary>
public sealed record LinkChange
{
    public bool? Up { get; init; }

    /// <summary>Needs an interface that is down, on kernels before 6.x.</summary>
    public string? Name { get; init; }

    public int? Mtu { get; init; }

    public PhysicalAddress? Mac { get; init; }

    /// <summary>Index of the bridge to join; 0 leaves it.</summary>
    public int? Master { get; init; }

    /// <summary>Moves the interface, which comes down by that and may get another index.</summary>
    public NetworkNamespace? Namespace { get; init; }
}
