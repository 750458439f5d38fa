/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_OUTER_H
#define HNV_OUTER_H

#include "address.h"
#include "form.h"

/*
 * What the data plane knows of the headers in front of a tenant's frame, whatever their form:
 *
 *   | Ethernet | IPv4 or IPv6 (outer4.h, outer6.h) | GRE (nvgre.h) or UDP and VXLAN (vxlan.h) | Ethernet | …
 *   | by the   | between provider addresses        | VSID, FlowID                             | of the   |
 *   | kernel   |                                   |                                          | tenant   |
 */
struct hnv_outer {
	struct hnv_addr local;  /* provider addresses of one family: ours */
	struct hnv_addr remote; /* and the other host's, or the group's */
	__be32 key;             /* VSID in the first 24 bits, FlowID (NVGRE) or nothing (VXLAN) behind it, as both have them on the wire */
	__u32 hash;             /* of the flow inside */
	__u8 tos;
	__u8 encapsulation;     /* HNV_ENCAP_* */
	__u8 dmac[6];           /* of the frame inside */
	__u8 smac[6];
	__u8 zero[2];
};

#define HNV_OUTER_TTL 64

/* Bytes that encapsulation adds: from the outer IP header to the tenant's Ethernet header; the frame's own becomes the outer one. */
#define HNV_ROOM(six, encapsulation) \
	(((six) ? HNV_IP6_LEN : HNV_IP4_LEN) + HNV_TUNNEL_LEN(encapsulation) + HNV_ETH_LEN)
#define HNV_LARGEST_ROOM HNV_ROOM(1, HNV_ENCAP_VXLAN)

static __always_inline __u32 outer_room(const struct hnv_addr *pa, __u32 encapsulation)
{
	return HNV_ROOM(!address_is_mapped4(pa), encapsulation);
}

/* 224.0.0.0/4, ff00::/8 */
static __always_inline int is_provider_group(const struct hnv_addr *pa)
{
	return pa->bytes[0] == 0xff || (address_is_mapped4(pa) && (pa->bytes[12] & 0xf0) == 0xe0);
}

static __always_inline __be32 key_of(__be32 vsid, __u8 flow_id)
{
	return bpf_htonl(bpf_ntohl(vsid) << 8 | flow_id);
}

static __always_inline __be32 vsid_of(__be32 key)
{
	return bpf_htonl(bpf_ntohl(key) >> 8);
}

#endif
