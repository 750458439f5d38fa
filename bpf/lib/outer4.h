/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_OUTER4_H
#define HNV_OUTER4_H

#include <linux/ip.h>
#include "checksum.h"
#include "outer.h"

/* The outer header over IPv4: never fragmented, without options. */
#define HNV_DONT_FRAGMENT bpf_htons(0x4000)

/* Writes the header of a packet of `length` bytes, itself included. A super-packet may outgrow the field; its segments get their own. */
static __always_inline void outer4_write(struct iphdr *ip, const struct hnv_outer *outer, __u8 protocol, __u32 length)
{
	struct iphdr h = {};

	h.version = 4;
	h.ihl = 5;
	h.tos = outer->tos;
	h.tot_len = bpf_htons(length > 0xffff ? 0xffff : length);
	h.frag_off = HNV_DONT_FRAGMENT;
	h.ttl = HNV_OUTER_TTL;
	h.protocol = protocol;
	h.saddr = address_to4(&outer->local);
	h.daddr = address_to4(&outer->remote);
	h.check = ip4_checksum(&h);
	*ip = h;
}

/* Whether the header contradicts itself or the bytes that are there. `least`: what has to be in the packet, the header included. */
static __always_inline int outer4_is_malformed(const struct iphdr *ip, __u32 bytes, __u32 least)
{
	__u32 total = bpf_ntohs(ip->tot_len);

	return ip->ihl != 5 || ip4_checksum(ip) || total > bytes - HNV_ETH_LEN || total < least;
}

#endif
