/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_NOTE_PATH_MTU6_H
#define HNV_NOTE_PATH_MTU6_H

#include "note_path_mtu.h"

/* ICMPv6, 2/0: packet too big. */
static __always_inline void note_path_mtu6(struct __sk_buff *skb)
{
	struct {
		struct ipv6hdr outer;
		struct hnv_icmp_mtu icmp;
		struct ipv6hdr ip;
	} __attribute__((packed)) m;
	struct hnv_addr receiver, local, pa;
	__be32 vsid;
	__u32 mtu;

	if (bpf_skb_load_bytes(skb, HNV_ETH_LEN, &m, sizeof(m)) || m.icmp.type != 2 || m.icmp.code || m.ip.version != 6)
		return;
	__builtin_memcpy(&receiver, &m.outer.daddr, 16);
	__builtin_memcpy(&local, &m.ip.saddr, 16);
	__builtin_memcpy(&pa, &m.ip.daddr, 16);
	if (!address_equal(&receiver, &local))
		return;
	vsid = quoted_vsid(skb, HNV_ETH_LEN + sizeof(m), m.ip.nexthdr);
	mtu = bpf_ntohl(m.icmp.mtu);
	lower_path_mtu(&local, &pa, vsid, mtu < HNV_PATH_MTU_FLOOR6 ? HNV_PATH_MTU_FLOOR6 : mtu);
}

#endif
