namespace Hnv.Datapath;

/// <summary>
/// What the data plane decided for a frame, and why. Mirrors bpf/include/verdicts.h (a test compares both); numbers are pinned in maps,
/// so they are appended, never changed. Drop names follow the failure and drop reasons of the Microsoft-Windows-Wnv events where one exists.
/// </summary>
public enum Verdict : uint
{
    /// <summary>No decision yet.</summary>
    None = 0,

    /// <summary>Left to the host: not encapsulated traffic for us.</summary>
    NotOurs = 1,

    /// <summary>Delivered to a port of this host without the wire.</summary>
    DeliveredLocal = 2,

    /// <summary>Encapsulated and handed to the uplink.</summary>
    Encapsulated = 3,

    /// <summary>Decapsulated and delivered to a port.</summary>
    Decapsulated = 4,

    /// <summary>Sent on to the host where the destination lives now.</summary>
    Hairpinned = 5,

    /// <summary>ARP or ND request answered from policy.</summary>
    AddressResolutionAnswered = 6,

    /// <summary>Echo request to the distributed gateway answered.</summary>
    GatewayEchoAnswered = 7,

    /// <summary>Announcement (link-local DAD) or answer to the gateway's question, consumed after learning.</summary>
    Learned = 8,

    /// <summary>Copied to the members of the subnet.</summary>
    Flooded = 9,

    /// <summary>Claim for an address that another holds: its holder is asked.</summary>
    AddressProbed = 10,

    /// <summary>DHCP or router solicitation answered from policy.</summary>
    ConfigurationAnswered = 11,

    /// <summary>Announcement of an adapter that moved, consumed.</summary>
    MoveAnnounced = 12,

    /// <summary>REDIRECT of the host that an adapter left, believed.</summary>
    RedirectTaken = 13,

    /// <summary>UNREACHABLE of a host that has no policy for the virtual subnet.</summary>
    UnreachableHeard = 14,

    /// <summary>Larger than the path to the destination; fragmentation needed / packet too big was sent.</summary>
    MtuExceeded = 16,

    /// <summary>TTL or hop limit expired while forwarding; time exceeded was sent.</summary>
    TtlExpired = 17,

    /// <summary>No customer route covers the destination; unreachable was sent.</summary>
    VirtualRouteMissing = 18,

    /// <summary>No lookup record for the next-hop customer address; unreachable was sent.</summary>
    DestinationRecordMissing = 19,

    /// <summary>Addressed to the distributed gateway, which only answers echo; port unreachable was sent.</summary>
    GatewayServiceMissing = 20,

    /// <summary>The port is not bound to a virtual subnet (yet or any more).</summary>
    PortUnbound = 32,

    /// <summary>VLAN tag, or an EtherType other than IPv4, IPv6 and ARP.</summary>
    UnsupportedFrameType = 33,

    /// <summary>Truncated or contradictory headers.</summary>
    Malformed = 34,

    /// <summary>The source address has no usable record at this port.</summary>
    SourceRecordMissing = 35,

    /// <summary>The source address has a record, with another MAC.</summary>
    SourceCaMacMismatch = 36,

    /// <summary>The source address does not live at the provider address it came from.</summary>
    SourceCaPaMismatch = 37,

    /// <summary>The destination does not live on this host, nor anywhere it could be sent on to.</summary>
    DestinationCaPaMismatch = 38,

    /// <summary>The destination MAC is neither the gateway's nor the destination's.</summary>
    DestinationMacMismatch = 39,

    /// <summary>Encapsulated frame from a provider address that policy does not name.</summary>
    UnknownPeer = 40,

    /// <summary>Encapsulated frame for a virtual subnet that is not present here.</summary>
    PolicyMissing = 41,

    /// <summary>Encapsulated frame with an inner 802.1Q tag (RFC 7637 forbids it).</summary>
    InnerVlanTag = 42,

    /// <summary>Outer CE on an inner packet that is not ECN capable (RFC 6040).</summary>
    EcnCongestionLost = 43,

    /// <summary>Broadcast or multicast in a subnet that does not flood.</summary>
    FloodingDisabled = 44,

    /// <summary>ARP or ND for an address without a record.</summary>
    AddressResolutionFailed = 45,

    /// <summary>More link-local addresses than a port may have, or one that another port holds.</summary>
    LinkLocalLimit = 46,

    /// <summary>No uplink or next hop leads to the provider address.</summary>
    ProviderRouteMissing = 47,

    /// <summary>The frame carries tunnel offload state that cannot be encapsulated again.</summary>
    TunnelStateUnsupported = 48,

    /// <summary>The host's own stack tried to send into a port.</summary>
    HostStackFrame = 49,

    /// <summary>Dropped, and the ICMP error was withheld by the port's rate limit.</summary>
    ErrorRateLimited = 50,

    /// <summary>The destination's record is marked unusable.</summary>
    RecordUnusable = 51,

    /// <summary>Fragment of an encapsulated packet: such packets are never fragmented by a conforming sender.</summary>
    Fragmented = 52,

    /// <summary>More addresses than the port may learn.</summary>
    DynamicAddressThrottled = 53,

    /// <summary>More broadcast and multicast than the port's storm limit.</summary>
    StormLimitExceeded = 54,

    /// <summary>DHCP server or router message from a port that is guarded against it.</summary>
    GuardedService = 55,

    /// <summary>A copy of a flooded frame that a queue had no room for. Counted beside the frame's own verdict.</summary>
    FloodCopyLost = 56,

    /// <summary>REDIRECT or UNREACHABLE that policy does not bear out.</summary>
    RedirectRefused = 57,

    /// <summary>Encapsulated in another form than that of the VM network.</summary>
    EncapsulationMismatch = 58,

    /// <summary>A kernel helper failed.</summary>
    Internal = 63,
}
