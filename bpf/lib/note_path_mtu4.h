/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_NOTE_PATH_MTU4_H
#define HNV_NOTE_PATH_MTU4_H

#include "note_path_mtu.h"

/* ICMP, 3/4: fragmentation needed. */
static __noinline void note_path_mtu4(struct __sk_buff *skb, const struct iphdr *outer)
{
	struct {
		struct hnv_icmp_mtu icmp;
		struct iphdr ip;
	} __attribute__((packed)) m;
	struct hnv_addr local, pa;
	__be32 vsid;
	__u32 mtu;

	if (outer->ihl != 5 || bpf_skb_load_bytes(skb, HNV_ETH_LEN + HNV_IP4_LEN, &m, sizeof(m)))
		return;
	/* A router answers the sender of what it quotes. */
	if (m.icmp.type != 3 || m.icmp.code != 4 || m.ip.version != 4 || m.ip.ihl != 5 || outer->daddr != m.ip.saddr)
		return;
	vsid = quoted_vsid(skb, HNV_ETH_LEN + HNV_IP4_LEN + sizeof(m), m.ip.protocol);
	local = address4(m.ip.saddr);
	pa = address4(m.ip.daddr);
	mtu = bpf_ntohl(m.icmp.mtu) & 0xffff;
	lower_path_mtu(&local, &pa, vsid, mtu < HNV_PATH_MTU_FLOOR ? HNV_PATH_MTU_FLOOR : mtu);
}

#endif
