/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_NORMALISE_H
#define HNV_NORMALISE_H

#include <linux/ipv6.h>
#include "address.h"

/* Destination MACs of frames on their way through the normaliser: the port's interface index follows. */
#define HNV_NORMALISER_OUI_0 0x02
#define HNV_NORMALISER_OUI_1 0x48

/* fd48:4e56::1 is where the normaliser unwraps, fd48:4e56::2 what it is sent from; the MAC is that of its interface, port 0. */
#define HNV_NORMALISER_PREFIX bpf_htonl(0xfd484e56)

/* A whole Ethernet frame follows (RFC 8986, 9.1). */
#define HNV_IPPROTO_ETHERNET 143

/*
 *   0            14            54            68
 *   | Ethernet   | IPv6        | Ethernet    | IP …
 *   |            | next 143    | of the      |
 *   |            |             | tenant      |
 */
struct hnv_wrapped {
	struct ethhdr outer;
	struct ipv6hdr ip;
	struct ethhdr inner;
} __attribute__((packed));
HNV_SIZE(struct hnv_wrapped, 68);

#define HNV_WRAP_ROOM 54

/* Whether the frame fits the length field of an IPv6 packet. */
static __always_inline int can_wrap(const struct __sk_buff *skb)
{
	return skb->len <= 0xffff;
}

/*
 * Puts a decapsulated frame into an IPv6 packet, which the kernel's own segment routing takes off again (End.DX2, RFC 8986, 4.9):
 * a tunnel receiver of the kernel clears the tunnel state that bpf_skb_adjust_room leaves on a super-packet. Returns 0 or an error.
 */
static __always_inline int wrap(struct __sk_buff *skb, __be16 proto, const __u8 *dmac, const __u8 *smac)
{
	struct hnv_wrapped h;
	void *data, *end;

	if (bpf_skb_adjust_room(skb, HNV_WRAP_ROOM, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_FIXED_GSO))
		return -1;
	__builtin_memset(&h, 0, sizeof(h));
	h.outer.h_dest[0] = HNV_NORMALISER_OUI_0;
	h.outer.h_dest[1] = HNV_NORMALISER_OUI_1;
	h.outer.h_proto = bpf_htons(ETH_P_IPV6);
	h.ip.version = 6;
	h.ip.payload_len = bpf_htons(skb->len - HNV_ETH_LEN - HNV_IP6_LEN);
	h.ip.nexthdr = HNV_IPPROTO_ETHERNET;
	h.ip.hop_limit = 64;
	h.ip.saddr.in6_u.u6_addr32[0] = HNV_NORMALISER_PREFIX;
	h.ip.saddr.in6_u.u6_addr8[15] = 2;
	h.ip.daddr.in6_u.u6_addr32[0] = HNV_NORMALISER_PREFIX;
	h.ip.daddr.in6_u.u6_addr8[15] = 1;
	mac_copy(h.inner.h_dest, dmac);
	mac_copy(h.inner.h_source, smac);
	h.inner.h_proto = proto;
	data = (void *)(long)skb->data;
	end = (void *)(long)skb->data_end;
	if (data + sizeof(h) > end)
		return -1;
	__builtin_memcpy(data, &h, sizeof(h));
	return 0;
}

#endif
