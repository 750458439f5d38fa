/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_DECAP_H
#define HNV_DECAP_H

#include "encap.h"

/* The way in, in the form that this object reads (form.h). */

/* Set by the loader: the kernel's bpf_skb_adjust_room can be told what family the packet has afterwards (Linux 6.3). */
const volatile __u32 has_decap_l3 = 1;

/*
 * Takes the outer headers off. bpf_skb_adjust_room keeps the outer Ethernet header in front; whoever sends the frame on writes the
 * tenant's over it. The skb's protocol must follow, or a device that has to look into a super-packet reads it as the wrong family and drops
 * it. Where the kernel cannot be told, a change of protocol comes first: it adds or takes the 20 bytes by which the headers of the families
 * differ, and the rest goes then. ARP is neither: it has to take the way through the device, which reads it anew (`protocol_right`).
 * Returns HNV_None or the verdict.
 */
static __always_inline __u32 pop_outer(struct __sk_buff *skb, const struct hnv_frame *f, __u8 outer_tos, int *protocol_right)
{
	const int longer = HNV_IP6_LEN - HNV_IP4_LEN, is_ipv6 = f->proto == bpf_htons(ETH_P_IPV6);
	__u64 flags = BPF_F_ADJ_ROOM_FIXED_GSO;
	int ecn = 0, room = HNV_INNER;

	*protocol_right = f->proto != bpf_htons(ETH_P_ARP);
	if (*protocol_right) {
		ecn = ecn_decapsulate(outer_tos, f->tos);
		if (ecn < 0)
			return HNV_EcnCongestionLost;
	}
	if (is_ipv6 != (HNV_FORM_FAMILY == 6)) {
		if (has_decap_l3) {
			flags |= HNV_FORM_FAMILY == 6 ? HNV_DECAP_L3_IPV4 : HNV_DECAP_L3_IPV6;
		} else {
			if (bpf_skb_change_proto(skb, HNV_FORM_FAMILY == 6 ? bpf_htons(ETH_P_IP) : bpf_htons(ETH_P_IPV6), 0))
				return HNV_Internal;
			room += HNV_FORM_FAMILY == 6 ? -longer : longer;
		}
	}
	if (bpf_skb_adjust_room(skb, -room, BPF_ADJ_ROOM_MAC, flags))
		return HNV_Internal;
	if (*protocol_right && ecn != (f->tos & HNV_ECN_MASK) && ecn_set(skb, f, ecn))
		return HNV_Internal;
	return HNV_None;
}

/*
 * Takes the outer headers off and delivers the tenant's frame, in the virtual subnet that it came in. A global function: the verifier looks at it
 * once, whatever way led here.
 */
__noinline int decapsulate(struct __sk_buff *skb, struct hnv_decision *d, const struct hnv_frame *f, __u32 ifindex, __u32 outer_tos)
{
	int protocol_right;
	__u32 verdict;

	if (!d || !f)
		return TC_ACT_SHOT;
	verdict = pop_outer(skb, f, outer_tos, &protocol_right);
	if (verdict)
		return drop(d, verdict);
	d->verdict = HNV_Decapsulated;
	return deliver(skb, d, d->source_vsid, ifindex, f, f->dmac, f->smac, 1, protocol_right);
}

/* A new destination, and one step less to go. The header's sum stays what it was: a device's complete checksum stays right. */
static __always_inline int outer4_redirect(struct __sk_buff *skb, const struct hnv_addr *pa)
{
	struct iphdr ip;

	if (bpf_skb_load_bytes(skb, HNV_ETH_LEN, &ip, sizeof(ip)))
		return HNV_Internal;
	if (ip.ttl <= 1)
		return HNV_DestinationCaPaMismatch;
	ip.ttl--;
	ip.daddr = address_to4(pa);
	ip.check = 0;
	ip.check = ip4_checksum(&ip);
	return bpf_skb_store_bytes(skb, HNV_ETH_LEN, &ip, sizeof(ip), 0) ? HNV_Internal : HNV_None;
}

static __always_inline int outer6_redirect(struct __sk_buff *skb, const struct hnv_addr *pa)
{
	__u8 hops;

	if (bpf_skb_load_bytes(skb, HNV_ETH_LEN + 7, &hops, 1))
		return HNV_Internal;
	if (hops <= 1)
		return HNV_DestinationCaPaMismatch;
	hops--;
	return bpf_skb_store_bytes(skb, HNV_ETH_LEN + 7, &hops, 1, BPF_F_RECOMPUTE_CSUM) ||
			       bpf_skb_store_bytes(skb, HNV_ETH_LEN + 24, pa, 16, BPF_F_RECOMPUTE_CSUM) ?
		       HNV_Internal :
		       HNV_None;
}

/* VXLAN of a sender that sums up its UDP packets: the destination is part of the sum. */
static __always_inline int outer_sum_redirect(struct __sk_buff *skb, const struct hnv_addr *pa)
{
	const __u32 offset = HNV_TUNNEL_OFFSET + 6;
	struct hnv_addr before;
	__s64 difference;

	if (bpf_skb_load_bytes(skb, HNV_FORM_FAMILY == 6 ? HNV_ETH_LEN + 24 : HNV_ETH_LEN + 16 - 12, &before, 16))
		return -1;
	difference = bpf_csum_diff((__be32 *)&before.bytes[HNV_FORM_FAMILY == 6 ? 0 : 12], HNV_FORM_FAMILY == 6 ? 16 : 4,
				   (__be32 *)&pa->bytes[HNV_FORM_FAMILY == 6 ? 0 : 12], HNV_FORM_FAMILY == 6 ? 16 : 4, 0);
	return difference < 0 || bpf_l4_csum_replace(skb, offset, 0, difference, BPF_F_PSEUDO_HDR | BPF_F_MARK_MANGLED_0);
}

/*
 * The destination lives on another host now: sends the packet on as it is, to that host's provider address. The sender's stays:
 * the next host, too, must see that the source lives where the packet comes from. The outer TTL goes down, so that two hosts with
 * stale policy cannot keep a packet between them. A host of the other family cannot be told whose packet it is.
 */
static __noinline int hairpin(struct __sk_buff *skb, struct hnv_decision *d, const struct hnv_addr *pa)
{
	struct hnv_peer *peer = bpf_map_lookup_elem(&peers, pa);
	__u32 verdict;

	if (!peer)
		return drop(d, HNV_UnknownPeer);
	if (!peer->uplink || address_is_zero(&peer->local) || !address_is_mapped4(pa) != (HNV_FORM_FAMILY == 6))
		return drop(d, HNV_ProviderRouteMissing);
	if (HNV_FORM_ENCAPSULATION == HNV_ENCAP_VXLAN && outer_sum_redirect(skb, pa))
		return drop(d, HNV_Internal);
	verdict = HNV_FORM_FAMILY == 6 ? outer6_redirect(skb, pa) : outer4_redirect(skb, pa);
	if (verdict)
		return drop(d, verdict);
	d->pa = *pa;
	d->ifindex = peer->uplink;
	d->verdict = HNV_Hairpinned;
	return bpf_redirect_neigh(peer->uplink, 0, 0, 0);
}

#endif
