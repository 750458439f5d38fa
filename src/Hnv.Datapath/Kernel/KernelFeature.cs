namespace Hnv.Datapath.Kernel;

/// <summary>What the data plane uses and not every kernel has; <see cref="KernelFeatureFacts"/> says more of each.</summary>
public enum KernelFeature
{
    /// <summary>bpf_redirect_neigh.</summary>
    RedirectNeighbour,

    /// <summary>bpf_redirect_peer.</summary>
    RedirectPeer,

    /// <summary>bpf_loop.</summary>
    Loop,

    /// <summary>veth devices.</summary>
    Veth,

    /// <summary>The qdisc that programs hang at.</summary>
    Clsact,

    /// <summary>Programs as filters of a qdisc.</summary>
    BpfFilter,

    /// <summary>bpf_skb_adjust_room can be told what family a packet has after decapsulation.</summary>
    DecapsulationFamily,

    /// <summary>Segment routing takes frames out of IPv6 packets (End.DX2, RFC 8986, 4.9).</summary>
    SegmentRouting,
}

/// <summary>What a probe found.</summary>
public enum FeatureState
{
    Supported,

    /// <summary>The kernel does not know it: it is too old, or was built or booted without it.</summary>
    Unsupported,

    /// <summary>The kernel refused for another reason (no permission, no memory), so it may have it.</summary>
    Failed,
}
