/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_FORWARD_H
#define HNV_FORWARD_H

#include "lookup.h"
#include "path_mtu.h"
#include "stage.h"

/* Where a frame from a VM goes next, and how it looks there. */
struct hnv_hop {
	__be32 vsid;
	__u32 ifindex;      /* local port; 0: remote */
	struct hnv_addr pa; /* remote host */
	__u8 dmac[6];
	__u8 smac[6];
};

/*
 * Sends a frame of a VM on its last step: into a port of this host, or encapsulated to another's. `tell`: by ICMP, when it is too
 * large.
 */
static __always_inline int forward_or_tell(struct __sk_buff *skb, struct hnv_decision *d, const struct hnv_port *port,
					   const struct hnv_frame *f, const struct hnv_hop *hop, int tell)
{
	struct hnv_peer *peer;
	__u32 length;

	d->destination_vsid = hop->vsid;
	if (hop->ifindex) {
		d->verdict = HNV_DeliveredLocal;
		return deliver(skb, d, hop->vsid, hop->ifindex, f, hop->dmac, hop->smac, 0, 1);
	}
	peer = bpf_map_lookup_elem(&peers, &hop->pa);
	if (!peer)
		return drop(d, HNV_ProviderRouteMissing);
	if (f->proto != bpf_htons(ETH_P_ARP)) {
		length = wire_length(skb, 0, f);
		if (length > HNV_FITS_EVERY_PATH) {
			__u32 mtu = inner_mtu(&hop->pa, peer, port->encapsulation);

			if (length > mtu && !tell)
				return drop(d, HNV_MtuExceeded);
			if (length > mtu)
				return leave_to_gateway(skb, d, HNV_MtuExceeded, mtu);
		}
	}
	d->verdict = HNV_Encapsulated;
	return encapsulate(skb, d, f, hop->vsid, port->encapsulation, &hop->pa, peer, hop->dmac, hop->smac);
}

static __always_inline int forward(struct __sk_buff *skb, struct hnv_decision *d, const struct hnv_port *port,
				   const struct hnv_frame *f, const struct hnv_hop *hop)
{
	return forward_or_tell(skb, d, port, f, hop, 1);
}

static __always_inline void hop_to_record(struct hnv_hop *hop, const struct hnv_record *record)
{
	hop->ifindex = record->ifindex;
	hop->pa = record->pa;
	mac_copy(hop->dmac, record->mac);
}

/* TTL or hop limit less one. The IPv4 checksum absorbs the change, so a complete checksum of the device stays right. */
static __always_inline int decrement_ttl(struct __sk_buff *skb, const struct hnv_frame *f)
{
	__u8 ttl = f->ttl - 1;

	if (f->proto == bpf_htons(ETH_P_IP)) {
		if (bpf_l3_csum_replace(skb, HNV_ETH_LEN + 10, bpf_htons(f->ttl << 8), bpf_htons(ttl << 8), 2))
			return -1;
		return bpf_skb_store_bytes(skb, HNV_ETH_LEN + 8, &ttl, 1, 0);
	}
	return bpf_skb_store_bytes(skb, HNV_ETH_LEN + 7, &ttl, 1, BPF_F_RECOMPUTE_CSUM);
}

#endif
