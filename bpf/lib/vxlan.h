/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_VXLAN_H
#define HNV_VXLAN_H

#include "../include/maps.h"
#include "outer.h"

/*
 * VXLAN, RFC 7348, 5.
 *
 *   | source port, by the flow | 4789 | length | checksum 0 | flags: I | reserved 24 | VNI 24 | reserved 8 |
 */
struct hnv_vxlan {
	__be16 source;
	__be16 destination;
	__be16 length;
	__be16 checksum;
	__be32 flags;
	__be32 key; /* VNI and reserved bits */
};
HNV_SIZE(struct hnv_vxlan, HNV_VXLAN_LEN);

#define HNV_VXLAN_FLAG_I bpf_htonl(0x08000000)

/* To which this host sends, and at which it is reached; 0: no VM network here is in VXLAN. */
static __always_inline __be16 vxlan_port(void)
{
	__u32 zero = 0;
	struct hnv_config *c = bpf_map_lookup_elem(&config, &zero);

	return c ? c->vxlan_port : 0;
}

/* Whether another tunnel of this host has the port, too: what peers send in subnets that are here is ours, all else that tunnel's. */
static __always_inline int vxlan_port_is_shared(void)
{
	__u32 zero = 0;
	struct hnv_config *c = bpf_map_lookup_elem(&config, &zero);

	return c && c->flags & HNV_CONFIG_VXLAN_SHARED;
}

/* `length`: of the UDP packet. A source port of the dynamic range, RFC 7348, 5. */
static __always_inline void vxlan_write(struct hnv_vxlan *h, const struct hnv_outer *outer, __be16 port, __u32 length)
{
	h->source = bpf_htons(0xc000 | (outer->hash & 0x3fff));
	h->destination = port;
	h->length = bpf_htons(length > 0xffff ? 0xffff : length);
	h->checksum = 0;
	h->flags = HNV_VXLAN_FLAG_I;
	h->key = outer->key;
}

/*
 * Whether a UDP packet contradicts its IP header, which says `length` (0: a super-packet's does not fit), or is no VXLAN with a VNI. Reserved
 * bits are ignored; so is the checksum, as RFC 7348, 5, allows: the frame inside has its own.
 */
static __always_inline int vxlan_is_malformed(const struct hnv_vxlan *h, __u32 length, int is_super_packet)
{
	__u32 own = bpf_ntohs(h->length);

	if (!(h->flags & HNV_VXLAN_FLAG_I))
		return 1;
	return is_super_packet ? own && own < sizeof(*h) + HNV_ETH_LEN : own != length || own < sizeof(*h) + HNV_ETH_LEN;
}

#endif
