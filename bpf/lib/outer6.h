/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_OUTER6_H
#define HNV_OUTER6_H

#include <linux/ipv6.h>
#include "outer.h"

/* The outer header over IPv6, without extension headers. The flow label is the flow's hash (RFC 6437, 6438). */

/* Writes the header in front of a payload of `length` bytes. A super-packet may outgrow the field; its segments get their own. */
static __always_inline void outer6_write(struct ipv6hdr *ip, const struct hnv_outer *outer, __u8 protocol, __u32 length)
{
	__be32 *words = (void *)ip;

	words[0] = bpf_htonl(6u << 28 | (__u32)outer->tos << 20 | (outer->hash & 0xfffff));
	ip->payload_len = bpf_htons(length > 0xffff ? 0xffff : length);
	ip->nexthdr = protocol;
	ip->hop_limit = HNV_OUTER_TTL;
	__builtin_memcpy(words + 2, &outer->local, 16);
	__builtin_memcpy(words + 6, &outer->remote, 16);
}

static __always_inline __u8 outer6_tos(const struct ipv6hdr *ip)
{
	return ip->priority << 4 | ip->flow_lbl[0] >> 4;
}

/* As outer4_is_malformed(). Only a super-packet may say 0, when its length does not fit. */
static __always_inline int outer6_is_malformed(const struct ipv6hdr *ip, __u32 bytes, __u32 least, int is_super_packet)
{
	__u32 payload = bpf_ntohs(ip->payload_len);

	if (!payload && is_super_packet)
		return 0;
	return payload + HNV_IP6_LEN > bytes - HNV_ETH_LEN || payload + HNV_IP6_LEN < least;
}

/* Extension headers of RFC 8200, 4.1, and 6275: mobility. */
static __always_inline int is_extension6(__u8 next)
{
	return next == 0 || next == 43 || next == 44 || next == 60 || next == 51 || next == 135;
}

#define HNV_MAX_OUTER_EXTENSIONS 6

/* What is behind the extension headers that begin with `next` at `offset`: its protocol and place. `fragment`: 1 of one, 2 of a later one. */
static __always_inline __u8 outer6_skip_extensions(struct __sk_buff *skb, __u8 next, __u32 *offset, int *fragment)
{
	__u8 h[4];
	int i;

	for (i = 0; i < HNV_MAX_OUTER_EXTENSIONS; i++) {
		if (!is_extension6(next) || *fragment == 2 || bpf_skb_load_bytes(skb, *offset, h, 4))
			break;
		if (next == 44) {
			*fragment = h[2] | (h[3] & 0xf8) ? 2 : 1;
			*offset += 8;
		} else {
			*offset += next == 51 ? (h[1] + 2) * 4 : (h[1] + 1) * 8;
		}
		next = h[0];
	}
	return next;
}

#endif
