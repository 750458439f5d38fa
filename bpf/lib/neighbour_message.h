/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_NEIGHBOUR_MESSAGE_H
#define HNV_NEIGHBOUR_MESSAGE_H

#include <linux/ipv6.h>
#include "checksum.h"
#include "neighbour.h"

/* ARP and ND that these programs write: what all such messages have in common. */

/* ARP, or RARP by `proto`, from and about the sender `mac`. The rest is zero before, and stays so. */
static __always_inline void arp_begin(struct hnv_arp *arp, __be16 proto, __be16 operation, const __u8 *to, const __u8 *mac)
{
	mac_copy(arp->eth.h_dest, to);
	mac_copy(arp->eth.h_source, mac);
	arp->eth.h_proto = proto;
	arp->hardware = bpf_htons(1);
	arp->protocol = bpf_htons(ETH_P_IP);
	arp->hardware_length = 6;
	arp->protocol_length = 4;
	arp->operation = operation;
	mac_copy(arp->sender_mac, mac);
}

/* A solicitation or an advertisement. */
struct hnv_nd_message {
	struct ethhdr eth;
	struct ipv6hdr ip;
	struct hnv_nd nd;
	__u8 option, option_length; /* may be left out */
	__u8 mac[6];
} __attribute__((packed));
HNV_SIZE(struct hnv_nd_message, 86);

#define HNV_ND_OPTION_LEN 8

/* What goes in front of the addresses, and the target. `length`: of the message from its ICMPv6 header on. The rest is zero before, and stays so. */
static __always_inline void nd_begin(struct hnv_nd_message *m, __u8 type, const struct hnv_addr *target, const __u32 length)
{
	m->eth.h_proto = bpf_htons(ETH_P_IPV6);
	m->ip.version = 6;
	m->ip.payload_len = bpf_htons(length);
	m->ip.nexthdr = HNV_IPPROTO_ICMPV6;
	m->ip.hop_limit = 255;
	m->nd.type = type;
	m->nd.target = *target;
}

/* The link-layer address option, source or target (RFC 4861, 4.6.1). */
static __always_inline void nd_link_layer_option(struct hnv_nd_message *m, __u8 option, const __u8 *mac)
{
	m->option = option;
	m->option_length = 1;
	mac_copy(m->mac, mac);
}

/* The last thing to write: over the addresses, length and next header (RFC 8200, 8.1), and the message. */
static __always_inline void nd_checksum(struct hnv_nd_message *m, const __u32 length)
{
	__be32 pseudo[2] = { bpf_htonl(length), bpf_htonl(HNV_IPPROTO_ICMPV6) };
	__u64 sum;

	sum = bpf_csum_diff(0, 0, (__be32 *)&m->ip.saddr, 32, 0);
	sum = bpf_csum_diff(0, 0, pseudo, sizeof(pseudo), sum);
	sum = bpf_csum_diff(0, 0, (__be32 *)&m->nd, length, sum);
	m->nd.checksum = checksum_fold(sum);
}

#endif
