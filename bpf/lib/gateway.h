/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_GATEWAY_H
#define HNV_GATEWAY_H

#include "dhcp4.h"
#include "icmp_error.h"

/*
 * The distributed gateway itself: it answers echo requests, and as the DHCP server of its subnet what clients send to it alone (RFC
 * 2131, 4.4.5). Of everything else it says that nobody listens.
 */

struct hnv_echo4 {
	struct ethhdr eth;
	struct iphdr ip;
	__u8 type, code;
	__be16 checksum;
} __attribute__((packed));

struct hnv_echo6 {
	struct ethhdr eth;
	struct ipv6hdr ip;
	__u8 type, code;
	__be16 checksum;
} __attribute__((packed));

static __always_inline int answer_echo4(struct __sk_buff *skb)
{
	struct hnv_echo4 h;
	__u8 mac[6];
	__be32 address;

	if (bpf_skb_load_bytes(skb, 0, &h, sizeof(h)) || h.ip.ihl != 5 || h.type != 8 || h.code)
		return -1;
	mac_copy(mac, h.eth.h_dest);
	mac_copy(h.eth.h_dest, h.eth.h_source);
	mac_copy(h.eth.h_source, mac);
	address = h.ip.saddr;
	h.ip.saddr = h.ip.daddr;
	h.ip.daddr = address;
	h.ip.ttl = 64;
	h.ip.check = 0;
	h.ip.check = ip4_checksum(&h.ip);
	h.type = 0;
	h.checksum = checksum_adjust(h.checksum, bpf_htons(8 << 8), 0);
	return bpf_skb_store_bytes(skb, 0, &h, sizeof(h), 0);
}

static __always_inline int answer_echo6(struct __sk_buff *skb)
{
	struct hnv_echo6 h;
	__u8 mac[6];
	struct in6_addr address;

	if (bpf_skb_load_bytes(skb, 0, &h, sizeof(h)) || h.type != 128 || h.code)
		return -1;
	mac_copy(mac, h.eth.h_dest);
	mac_copy(h.eth.h_dest, h.eth.h_source);
	mac_copy(h.eth.h_source, mac);
	address = h.ip.saddr;
	h.ip.saddr = h.ip.daddr;
	h.ip.daddr = address;
	h.ip.hop_limit = 64;
	h.type = 129;
	h.checksum = checksum_adjust(h.checksum, bpf_htons(128 << 8), bpf_htons(129 << 8));
	return bpf_skb_store_bytes(skb, 0, &h, sizeof(h), 0);
}

/* A unicast IP packet from a VM to an address of the distributed gateway. */
static __always_inline int to_gateway(struct __sk_buff *skb, struct hnv_decision *d, const struct hnv_port *port,
				      const struct hnv_frame *f)
{
	int answered = -1, action;

	if (f->l4 == HNV_IPPROTO_UDP && f->proto == bpf_htons(ETH_P_IP)) {
		action = dhcp4_from_vm(skb, d, port, f);
		if (action != HNV_NOT_ANSWERED)
			return action;
	}
	if (!(f->flags & (HNV_FRAME_FRAGMENT | HNV_FRAME_EXTENDED))) {
		if (f->l4 == HNV_IPPROTO_ICMP && f->proto == bpf_htons(ETH_P_IP))
			answered = answer_echo4(skb);
		else if (f->l4 == HNV_IPPROTO_ICMPV6 && f->proto == bpf_htons(ETH_P_IPV6))
			answered = answer_echo6(skb);
	}
	if (!answered) {
		d->verdict = HNV_GatewayEchoAnswered;
		return reply(skb, f);
	}
	return drop_and_tell(skb, d, port, f, HNV_ERROR_NO_PORT, 0);
}

#endif
