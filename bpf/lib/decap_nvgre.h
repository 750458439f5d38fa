/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_DECAP_NVGRE_H
#define HNV_DECAP_NVGRE_H

#include "encap_nvgre.h"

/* Set by the loader: the kernel's bpf_skb_adjust_room can be told what family the packet has afterwards (Linux 6.3). */
const volatile __u32 has_decap_l3 = 1;

/*
 * Takes the outer headers off. bpf_skb_adjust_room keeps the outer Ethernet header in front; whoever sends the frame on writes the
 * tenant's over it. The skb's protocol follows where the kernel lets us say so (`protocol_right`); otherwise the frame has to take the
 * way through the device, which reads it anew. Returns HNV_None or the verdict.
 */
static __always_inline __u32 pop_nvgre(struct __sk_buff *skb, const struct hnv_frame *f, __u8 outer_tos, int *protocol_right)
{
	__u64 flags = BPF_F_ADJ_ROOM_FIXED_GSO;
	int ecn = 0;

	*protocol_right = 0;
	if (f->proto != bpf_htons(ETH_P_ARP)) {
		ecn = ecn_decapsulate(outer_tos, f->tos);
		if (ecn < 0)
			return HNV_EcnCongestionLost;
		if (f->proto == bpf_htons(ETH_P_IP)) {
			*protocol_right = 1;
		} else if (has_decap_l3) {
			flags |= HNV_DECAP_L3_IPV6;
			*protocol_right = 1;
		}
	}
	if (bpf_skb_adjust_room(skb, -HNV_NVGRE_ROOM, BPF_ADJ_ROOM_MAC, flags))
		return HNV_Internal;
	if (f->proto != bpf_htons(ETH_P_ARP) && ecn != (f->tos & HNV_ECN_MASK) && ecn_set(skb, f, ecn))
		return HNV_Internal;
	return HNV_None;
}

/* Takes the outer headers off and delivers the tenant's frame. */
static __always_inline int decapsulate_nvgre(struct __sk_buff *skb, struct hnv_decision *d, const struct hnv_frame *f, __be32 vsid,
					     __u32 ifindex, __u8 outer_tos)
{
	int protocol_right;
	__u32 verdict = pop_nvgre(skb, f, outer_tos, &protocol_right);

	if (verdict)
		return drop(d, verdict);
	d->verdict = HNV_Decapsulated;
	return deliver(skb, d, vsid, ifindex, f, f->dmac, f->smac, 1, protocol_right);
}

/*
 * The destination lives on another host now: sends the packet on as it is, to that host's provider address. The sender's stays:
 * the next host, too, must see that the source lives where the packet comes from. The outer TTL goes down, so that two hosts with
 * stale policy cannot keep a packet between them.
 */
static __noinline int hairpin_nvgre(struct __sk_buff *skb, struct hnv_decision *d, const struct hnv_addr *pa)
{
	struct hnv_peer *peer = bpf_map_lookup_elem(&peers, pa);
	struct iphdr ip;

	if (!peer)
		return drop(d, HNV_UnknownPeer);
	if (!peer->uplink || address_is_zero(&peer->local))
		return drop(d, HNV_ProviderRouteMissing);
	if (bpf_skb_load_bytes(skb, HNV_ETH_LEN, &ip, sizeof(ip)))
		return drop(d, HNV_Internal);
	if (ip.ttl <= 1)
		return drop(d, HNV_DestinationCaPaMismatch);
	ip.ttl--;
	ip.daddr = address_to4(pa);
	ip.check = 0;
	ip.check = ip4_checksum(&ip);
	/* The header's sum stays what it was: a device's complete checksum stays right. */
	if (bpf_skb_store_bytes(skb, HNV_ETH_LEN, &ip, sizeof(ip), 0))
		return drop(d, HNV_Internal);
	d->pa = *pa;
	d->ifindex = peer->uplink;
	d->verdict = HNV_Hairpinned;
	return bpf_redirect_neigh(peer->uplink, 0, 0, 0);
}

#endif
