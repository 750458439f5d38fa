/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_NEIGHBOUR_ADVERTISEMENT_H
#define HNV_NEIGHBOUR_ADVERTISEMENT_H

#include "checksum.h"
#include "neighbour.h"

struct hnv_neighbour_advertisement {
	struct ethhdr eth;
	struct ipv6hdr ip;
	struct hnv_nd nd;
	__u8 option, option_length;
	__u8 mac[6];
} __attribute__((packed));
HNV_SIZE(struct hnv_neighbour_advertisement, 86);

/* Turns the frame into an advertisement for the target; `mac_pair`: to and from. 0: done. */
static __noinline int send_advertisement(struct __sk_buff *skb, const struct hnv_addr *target, const struct hnv_addr *to,
					 const __u8 *mac_pair, __u32 flags)
{
	struct hnv_neighbour_advertisement na = {};
	__be32 pseudo[2]; /* behind the addresses: length and next header, RFC 8200, 8.1 */
	__u64 sum;

	if (bpf_skb_change_tail(skb, sizeof(na), 0))
		return -1;
	mac_copy(na.eth.h_dest, mac_pair);
	mac_copy(na.eth.h_source, mac_pair + 6);
	na.eth.h_proto = bpf_htons(ETH_P_IPV6);
	na.ip.version = 6;
	na.ip.payload_len = bpf_htons(sizeof(na.nd) + 8);
	na.ip.nexthdr = HNV_IPPROTO_ICMPV6;
	na.ip.hop_limit = 255;
	__builtin_memcpy(&na.ip.saddr, target, 16);
	__builtin_memcpy(&na.ip.daddr, to, 16);
	na.nd.type = HNV_ND_NEIGHBOUR_ADVERTISEMENT;
	na.nd.flags = flags;
	na.nd.target = *target;
	na.option = HNV_ND_OPTION_TARGET;
	na.option_length = 1;
	mac_copy(na.mac, mac_pair + 6);
	pseudo[0] = bpf_htonl(sizeof(na.nd) + 8);
	pseudo[1] = bpf_htonl(HNV_IPPROTO_ICMPV6);
	sum = bpf_csum_diff(0, 0, (__be32 *)&na.ip.saddr, 32, 0);
	sum = bpf_csum_diff(0, 0, pseudo, sizeof(pseudo), sum);
	sum = bpf_csum_diff(0, 0, (__be32 *)&na.nd, sizeof(na.nd) + 8, sum);
	na.nd.checksum = checksum_fold(sum);
	return bpf_skb_store_bytes(skb, 0, &na, sizeof(na), 0);
}

#endif
