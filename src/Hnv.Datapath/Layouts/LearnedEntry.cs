using System.Runtime.InteropServices;

namespace Hnv.Datapath.Layouts;

/// <summary>struct hnv_learned: a customer address that somebody announced, its holder, and who wants it.</summary>
/// <param name="Record">The holder.</param>
/// <param name="PortId">The holder's port when local.</param>
/// <param name="SeenNs">Time of the last proof: nanoseconds of CLOCK_BOOTTIME.</param>
/// <param name="Epoch">With <paramref name="Counter"/> the version: the higher wins.</param>
/// <param name="ChallengerPa">None when local.</param>
/// <param name="DeadlineNs">CLOCK_BOOTTIME by which the holder must answer; 0: nobody challenges; odd: a program is ending the challenge, since then; <see cref="Void"/>.</param>
[KernelStruct("hnv_learned")]
[StructLayout(LayoutKind.Sequential, Pack = 8)]
public readonly record struct LearnedEntry(
    RecordEntry Record, uint PortId, ulong SeenNs, uint Epoch, uint Counter, LearnSource Source, byte Zero, KernelMac ChallengerMac,
    KernelAddress ChallengerPa, uint ChallengerIfindex, uint ChallengerPortId, ulong DeadlineNs)
{
    /// <summary>HNV_DEADLINE_VOID: the end of a challenge could not be written; nobody challenges, and the challenger means nothing.</summary>
    public const ulong Void = 1;

    /// <summary>Whether somebody wants the address, and nothing is decided.</summary>
    public bool IsChallenged => DeadlineNs > Void;

    /// <summary>(Epoch, Counter) as one number that compares alike.</summary>
    public ulong Version => ((ulong)Epoch << 32) | Counter;
}

/// <summary>HNV_SOURCE_*: how a customer address was learned.</summary>
public enum LearnSource : byte
{
    None = 0,
    Arp = 1,
    NeighborDiscovery = 2,

    /// <summary>Duplicate address detection.</summary>
    Slaac = 3,
    Dhcp = 4,
    DhcpV6 = 5,

    /// <summary>Announced by a member on another host.</summary>
    Peer = 6,

    /// <summary>Spread by the controller.</summary>
    Controller = 7,
}

/// <summary>What counts as proof at a port: bit 1 &lt;&lt; <see cref="LearnSource"/>.</summary>
[Flags]
public enum LearnSources : byte
{
    None = 0,
    Arp = 1 << LearnSource.Arp,
    NeighborDiscovery = 1 << LearnSource.NeighborDiscovery,
    Slaac = 1 << LearnSource.Slaac,
    Dhcp = 1 << LearnSource.Dhcp,
    DhcpV6 = 1 << LearnSource.DhcpV6,
    All = Arp | NeighborDiscovery | Slaac | Dhcp | DhcpV6,
}

/// <summary>struct hnv_virtual_mac: where a VRRP router's MAC was announced last. Key: <see cref="MacKey"/>.</summary>
[KernelStruct("hnv_virtual_mac")]
[StructLayout(LayoutKind.Sequential, Pack = 8)]
public readonly record struct VirtualMacEntry(LocationEntry At, uint PortId, ulong SeenNs);

/// <summary>struct hnv_peer_learned: how many entries the announcements of another host made. Key: its provider address.</summary>
/// <param name="LastNs">CLOCK_BOOTTIME.</param>
/// <param name="Tokens">For new entries and for events.</param>
/// <param name="Learned">Entries; the programs count up only, and make none beyond <see cref="Max"/>.</param>
[KernelStruct("hnv_peer_learned")]
[StructLayout(LayoutKind.Sequential, Pack = 8)]
public readonly record struct PeerLearnedEntry(ulong LastNs, uint Tokens, uint Learned)
{
    /// <summary>HNV_LEARNED_OF_PEER_MAX.</summary>
    public const uint Max = 65536;
}

/// <summary>struct hnv_event: what the programs learned and decided, as it comes out of the ring buffer.</summary>
/// <param name="Ns">CLOCK_BOOTTIME.</param>
/// <param name="Pa">Of the holder, or of the challenger; none when local.</param>
[KernelStruct("hnv_event")]
[StructLayout(LayoutKind.Sequential, Pack = 4)]
public readonly record struct LearnEvent(
    ulong Ns, LearnEventKind Kind, uint PortId, NetworkUInt32 Vsid, KernelAddress Ca, KernelMac Mac, LearnSource Source, byte Zero, KernelAddress Pa, uint Zero2);

/// <summary>HNV_EVENT_*, named after the dynamic record events of Windows (Wnv 1020 to 1022).</summary>
public enum LearnEventKind : uint
{
    Added = 1,

    /// <summary>Released by its holder.</summary>
    Deleted = 2,

    /// <summary>A challenge began.</summary>
    PreMovement = 3,

    /// <summary>It was lost: the address moved.</summary>
    PostMovement = 4,

    /// <summary>The holder answered, or came back: the challenge is over.</summary>
    MarkedUsable = 5,
    Throttled = 6,
    NearThreshold = 7,

    /// <summary>A moving adapter was heard at its new place. About its MAC; there is no address.</summary>
    Activated = 8,

    /// <summary>Another host has no policy for the subnet. About the MAC that was sent to; there is no address.</summary>
    Unreachable = 9,
}
