/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_NEIGHBOUR_ADVERTISEMENT_H
#define HNV_NEIGHBOUR_ADVERTISEMENT_H

#include "neighbour_message.h"

/* Turns the frame into an advertisement for the target; `mac_pair`: to and from. 0: done. */
static __noinline int send_advertisement(struct __sk_buff *skb, const struct hnv_addr *target, const struct hnv_addr *to,
					 const __u8 *mac_pair, __u32 flags)
{
	const __u32 length = sizeof(struct hnv_nd) + HNV_ND_OPTION_LEN;
	struct hnv_nd_message na = {};

	if (bpf_skb_change_tail(skb, sizeof(na), 0))
		return -1;
	mac_copy(na.eth.h_dest, mac_pair);
	mac_copy(na.eth.h_source, mac_pair + 6);
	nd_begin(&na, HNV_ND_NEIGHBOUR_ADVERTISEMENT, target, length);
	__builtin_memcpy(&na.ip.saddr, target, 16);
	__builtin_memcpy(&na.ip.daddr, to, 16);
	na.nd.flags = flags;
	nd_link_layer_option(&na, HNV_ND_OPTION_TARGET, mac_pair + 6);
	nd_checksum(&na, length);
	return bpf_skb_store_bytes(skb, 0, &na, sizeof(na), 0);
}

#endif
