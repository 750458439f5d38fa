using System.Collections.Immutable;

namespace Hnv.Datapath.Kernel;

/// <summary>What is known of a feature beforehand.</summary>
/// <param name="Name">In the kernel's words.</param>
/// <param name="Since">First release that has it, e.g. 6.3.</param>
/// <param name="Required">Whether nothing works without it.</param>
/// <param name="Without">What is different where it is missing.</param>
/// <param name="Remedy">What to do where it is missing.</param>
public sealed record KernelFeatureFacts(KernelFeature Feature, string Name, string Since, bool Required, string Without, string Remedy)
{
    /// <summary>The oldest release that is tested (Debian 12).</summary>
    public const string OldestTested = "6.1";

    private const string Nothing = "the data plane cannot be opened";
    private const string NewerKernel = $"run Linux {OldestTested} or newer";

    public static ImmutableArray<KernelFeatureFacts> All { get; } =
    [
        new(KernelFeature.RedirectNeighbour, "bpf_redirect_neigh", "5.10", true, Nothing, NewerKernel),
        new(KernelFeature.RedirectPeer, "bpf_redirect_peer", "5.10", true, Nothing, NewerKernel),
        new(KernelFeature.Loop, "bpf_loop", "5.17", true, Nothing, NewerKernel),
        new(KernelFeature.Veth, "veth", "2.6.24", true, Nothing, "the kernel needs CONFIG_VETH, or its module veth"),
        new(KernelFeature.Clsact, "clsact", "4.5", true, Nothing, "the kernel needs CONFIG_NET_SCH_INGRESS, or its module sch_ingress"),
        new(KernelFeature.BpfFilter, "cls_bpf", "4.1", true, Nothing, "the kernel needs CONFIG_NET_CLS_BPF, or its module cls_bpf"),
        new(KernelFeature.DecapsulationFamily, "BPF_F_ADJ_ROOM_DECAP_L3", "6.3", false,
            "IPv6 from the wire costs a helper call more (bpf_skb_change_proto)", "run Linux 6.3 or newer"),
        new(KernelFeature.SegmentRouting, "seg6local", "4.14", false,
            "TCP from the wire into taps is cut into segments and merged again", "the kernel needs CONFIG_IPV6_SEG6_LWTUNNEL, and IPv6 not disabled at boot"),
    ];

    public static KernelFeatureFacts Of(KernelFeature feature) => All.Single(facts => facts.Feature == feature);
}
