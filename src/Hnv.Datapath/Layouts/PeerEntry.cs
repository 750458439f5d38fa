using System.Net;
using System.Runtime.InteropServices;

namespace Hnv.Datapath.Layouts;

/// <summary>struct hnv_local_pa: the interface that holds a provider address of this host. Key: <see cref="KernelAddress"/>.</summary>
[KernelStruct("hnv_local_pa")]
public readonly record struct LocalPaEntry(uint Uplink);

/// <summary>struct hnv_peer: the way to another host or third-party endpoint. Key: its provider address.</summary>
/// <param name="Local">Our address to send from; none: no way known.</param>
/// <param name="Uplink">Interface index to send through; the kernel resolves the next hop.</param>
/// <param name="Mtu">Largest outer IP packet on the way, bytes.</param>
[KernelStruct("hnv_peer")]
[StructLayout(LayoutKind.Sequential, Pack = 4)]
public readonly record struct PeerEntry(KernelAddress Local, uint Uplink, uint Mtu, PeerFlags Flags)
{
    /// <summary>A peer that policy names and no route leads to.</summary>
    public static PeerEntry Unreachable(PeerFlags flags = PeerFlags.None) => new(KernelAddress.None, 0, 0, flags);
}

/// <summary>HNV_PEER_*.</summary>
[Flags]
public enum PeerFlags : uint
{
    None = 0,

    /// <summary>The peer compares the whole GRE key.</summary>
    FlowIdZero = 1,
}

/// <summary>struct hnv_path_mtu: what ICMP from the underlay said about a peer. Key: its provider address.</summary>
/// <param name="ExpiresNs">Nanoseconds of CLOCK_BOOTTIME.</param>
[KernelStruct("hnv_path_mtu")]
public readonly record struct PathMtuEntry(uint Mtu, uint Zero, ulong ExpiresNs);
