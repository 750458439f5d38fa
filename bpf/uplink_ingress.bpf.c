/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * tc ingress of an uplink: frames from the provider network.
 *
 *   ours?             NVGRE or VXLAN, to one of our provider addresses; everything else is the host's
 *   in which form?    NVGRE over IPv4 here; every other form in a stage of its own (uplink_*.bpf.c), the same source with other constants
 *   well formed?      flags as they must be, whole packet, right checksum
 *   from whom?        a peer that policy names
 *   for whom?         a virtual subnet that is present here, in its own encapsulation
 *   may it?           the source lives at that peer, by reverse path
 *   where to?         a port of this host; or on to the host where the destination lives now
 *
 *   learned?          what members of a learning subnet announce
 *
 * What is ours and fails never reaches the host's own stack. All of it but the first two questions is in lib/uplink.h.
 */
#include "include/stages.h"
#include "lib/note_path_mtu4.h"
#include "lib/uplink.h"

char LICENSE[] SEC("license") = "GPL";

/* Whether UDP at `offset` is for our port. */
static __always_inline int is_vxlan(struct __sk_buff *skb, __u32 offset)
{
	__be16 port = vxlan_port(), destination;

	return port && !bpf_skb_load_bytes(skb, offset + 2, &destination, 2) && destination == port;
}

/* IPv6: answers when the packet is none of ours; otherwise a stage does. */
static __always_inline int from_uplink6(struct __sk_buff *skb)
{
	__u8 head[7], next, type;

	if (bpf_skb_load_bytes(skb, HNV_ETH_LEN, head, sizeof(head)) || head[0] >> 4 != 6)
		return HNV_NOT_OURS;
	next = head[6];
	if (next == HNV_IPPROTO_TCP)
		return HNV_NOT_OURS;
	if (next == HNV_IPPROTO_GRE || is_extension6(next))
		bpf_tail_call(skb, &stages, HNV_STAGE_uplink_nvgre6);
	else if (next == HNV_IPPROTO_UDP && is_vxlan(skb, HNV_ETH_LEN + HNV_IP6_LEN))
		bpf_tail_call(skb, &stages, HNV_STAGE_uplink_vxlan6);
	else if (next == HNV_IPPROTO_ICMPV6 && !bpf_skb_load_bytes(skb, HNV_ETH_LEN + HNV_IP6_LEN, &type, 1) && type == 2)
		bpf_tail_call(skb, &stages, HNV_STAGE_uplink_mtu6);
	return HNV_NOT_OURS;
}

SEC("tc")
int uplink_ingress(struct __sk_buff *skb)
{
	struct iphdr *outer, ip;

	/* The host's own traffic passes here, too: it leaves as early as possible. VLAN 0 is none, but a priority (IEEE 802.1Q, 6.9). */
	if (skb->vlan_present && skb->vlan_tci & 0xfff)
		return HNV_NOT_OURS;
	if (skb->protocol == bpf_htons(ETH_P_IPV6))
		return from_uplink6(skb);
	if (skb->protocol != bpf_htons(ETH_P_IP) || make_linear(skb, HNV_INNER + HNV_ETH_LEN + HNV_IP6_LEN))
		return HNV_NOT_OURS;
	outer = (void *)(long)skb->data + HNV_ETH_LEN;
	if ((void *)(outer + 1) > (void *)(long)skb->data_end || outer->version != 4)
		return HNV_NOT_OURS;
	if (outer->protocol == HNV_IPPROTO_GRE)
		return from_uplink(skb);
	if (outer->protocol == HNV_IPPROTO_ICMP) {
		ip = *outer;
		note_path_mtu4(skb, &ip);
	} else if (outer->protocol == HNV_IPPROTO_UDP && !(outer->frag_off & bpf_htons(0x1fff)) && is_vxlan(skb, HNV_ETH_LEN + outer->ihl * 4)) {
		bpf_tail_call(skb, &stages, HNV_STAGE_uplink_vxlan4);
	}
	return HNV_NOT_OURS;
}
