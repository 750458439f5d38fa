/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_NEIGHBOUR_H
#define HNV_NEIGHBOUR_H

#include "parse.h"

/* ARP for IPv4 over Ethernet, RFC 826, with the Ethernet header in front. */
struct hnv_arp {
	struct ethhdr eth;
	__be16 hardware, protocol;
	__u8 hardware_length, protocol_length;
	__be16 operation;
	__u8 sender_mac[6];
	__be32 sender;
	__u8 target_mac[6];
	__be32 target;
} __attribute__((packed));
HNV_SIZE(struct hnv_arp, 42);

#define HNV_ARP_REQUEST bpf_htons(1)
#define HNV_ARP_REPLY bpf_htons(2)

/* Neighbour discovery, RFC 4861; duplicate address detection, RFC 4862. */
#define HNV_ND_ROUTER_SOLICITATION 133
#define HNV_ND_ROUTER_ADVERTISEMENT 134
#define HNV_ND_NEIGHBOUR_SOLICITATION 135
#define HNV_ND_NEIGHBOUR_ADVERTISEMENT 136
#define HNV_ND_REDIRECT 137

#define HNV_ND_OPTION_SOURCE 1
#define HNV_ND_OPTION_TARGET 2
#define HNV_ND_MAX_OPTIONS 8

#define HNV_NA_ROUTER 0x80
#define HNV_NA_SOLICITED 0x40
#define HNV_NA_OVERRIDE 0x20

struct hnv_nd {
	__u8 type, code;
	__be16 checksum;
	__u8 flags;
	__u8 reserved[3];
	struct hnv_addr target;
} __attribute__((packed));
HNV_SIZE(struct hnv_nd, 24);

/* Whether the packet is a neighbour discovery message, as far as its first bytes can say. */
static __always_inline int is_nd(struct __sk_buff *skb, const struct hnv_frame *f, __u8 *type)
{
	if (f->proto != bpf_htons(ETH_P_IPV6) || f->l4 != HNV_IPPROTO_ICMPV6 || f->flags & HNV_FRAME_LATER_FRAGMENT)
		return 0;
	if (bpf_skb_load_bytes(skb, f->l4_offset, type, 1)) {
		*type = 0;
		return 1; /* an ICMPv6 packet cut before its type: refused as malformed */
	}
	return *type >= HNV_ND_ROUTER_SOLICITATION && *type <= HNV_ND_REDIRECT;
}

#endif
