/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_ECN_H
#define HNV_ECN_H

#include "parse.h"

/* Explicit congestion notification through a tunnel, RFC 6040: normal mode on the way in, figure 4 on the way out. */
#define HNV_ECN_MASK 3
#define HNV_ECN_NOT_ECT 0
#define HNV_ECN_ECT1 1
#define HNV_ECN_ECT0 2
#define HNV_ECN_CE 3

/* The ECN field that the inner header gets; -1: the packet must be dropped. */
static __always_inline int ecn_decapsulate(__u8 outer, __u8 inner)
{
	outer &= HNV_ECN_MASK;
	inner &= HNV_ECN_MASK;
	if (inner == HNV_ECN_NOT_ECT)
		return outer == HNV_ECN_CE ? -1 : HNV_ECN_NOT_ECT;
	if (outer == HNV_ECN_CE)
		return HNV_ECN_CE;
	if (inner == HNV_ECN_ECT0 && outer == HNV_ECN_ECT1)
		return HNV_ECN_ECT1;
	return inner;
}

/* Rewrites the ECN field of the IP header that stands behind the first Ethernet header. */
static __always_inline int ecn_set(struct __sk_buff *skb, const struct hnv_frame *f, __u8 ecn)
{
	__u8 tos = (f->tos & ~HNV_ECN_MASK) | ecn;

	if (f->proto == bpf_htons(ETH_P_IP)) {
		if (bpf_l3_csum_replace(skb, HNV_ETH_LEN + 10, bpf_htons(f->tos), bpf_htons(tos), 2))
			return -1;
		return bpf_skb_store_bytes(skb, HNV_ETH_LEN + 1, &tos, 1, 0);
	} else {
		/* version, traffic class and flow label share the first word */
		__u8 first[2];

		if (bpf_skb_load_bytes(skb, HNV_ETH_LEN, first, 2))
			return -1;
		first[0] = 0x60 | tos >> 4;
		first[1] = (tos & 0xf) << 4 | (first[1] & 0xf);
		return bpf_skb_store_bytes(skb, HNV_ETH_LEN, first, 2, BPF_F_RECOMPUTE_CSUM);
	}
}

#endif
