/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_NOTE_PATH_MTU_H
#define HNV_NOTE_PATH_MTU_H

#include "path_mtu.h"

/*
 * ICMP "fragmentation needed" from the underlay, quoting a packet that we sent to a peer: lowers the peer's path MTU. The quote
 * must carry our address, the peer's, and the key of a virtual subnet that is present here: eight bytes a forger has to guess.
 * The host's own stack sees the message too.
 */
static __noinline void note_path_mtu(struct __sk_buff *skb, const struct iphdr *outer)
{
	struct {
		__u8 type, code;
		__be16 checksum, unused, mtu;
		struct iphdr ip;
		__be16 gre_flags, gre_proto;
		__be32 key;
	} __attribute__((packed)) m;
	struct hnv_path_mtu value = {}, *known;
	struct hnv_addr local, pa;
	struct hnv_peer *peer;
	__be32 vsid;

	if (outer->ihl != 5 || bpf_skb_load_bytes(skb, HNV_ETH_LEN + HNV_IP4_LEN, &m, sizeof(m)))
		return;
	/* A router answers the sender of what it quotes. */
	if (outer->daddr != m.ip.saddr)
		return;
	if (m.type != 3 || m.code != 4 || m.ip.ihl != 5 || m.ip.protocol != HNV_IPPROTO_GRE || m.gre_flags != HNV_NVGRE_FLAGS ||
	    m.gre_proto != HNV_NVGRE_PROTO)
		return;
	local = address4(m.ip.saddr);
	pa = address4(m.ip.daddr);
	vsid = bpf_htonl(bpf_ntohl(m.key) >> 8);
	peer = bpf_map_lookup_elem(&peers, &pa);
	if (!peer || !bpf_map_lookup_elem(&local_pas, &local) || !bpf_map_lookup_elem(&subnets, &vsid))
		return;
	value.mtu = bpf_ntohs(m.mtu);
	if (value.mtu < HNV_PATH_MTU_FLOOR)
		value.mtu = HNV_PATH_MTU_FLOOR;
	if (value.mtu >= peer->mtu)
		return;
	known = bpf_map_lookup_elem(&path_mtus, &pa);
	if (known && known->mtu < value.mtu && bpf_ktime_get_boot_ns() < known->expires_ns)
		return;
	value.expires_ns = bpf_ktime_get_boot_ns() + HNV_PATH_MTU_NS;
	bpf_map_update_elem(&path_mtus, &pa, &value, BPF_ANY);
}

#endif
