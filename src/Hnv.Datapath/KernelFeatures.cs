namespace Hnv.Datapath;

/// <summary>What the running kernel can do, found by trying. A probe that fails for another reason than "not supported" throws.</summary>
/// <param name="Kernel">Release, e.g. 6.18.44.</param>
/// <param name="DecapsulationFlags">bpf_skb_adjust_room knows BPF_F_ADJ_ROOM_DECAP_L3_IPV4/6 (6.3).</param>
/// <param name="RedirectPeer">bpf_redirect_peer (5.10).</param>
/// <param name="RedirectNeighbour">bpf_redirect_neigh (5.10).</param>
/// <param name="Loop">bpf_loop (5.17).</param>
public sealed record KernelFeatures(string Kernel, bool DecapsulationFlags, bool RedirectPeer, bool RedirectNeighbour, bool Loop);
