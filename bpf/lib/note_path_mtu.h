/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_NOTE_PATH_MTU_H
#define HNV_NOTE_PATH_MTU_H

#include "path_mtu.h"

/*
 * ICMP "fragmentation needed" and ICMPv6 "packet too big" from the underlay, quoting a packet that we sent to a peer: lowers the peer's path
 * MTU. The quote must be of a packet from the address that the message came to, to a peer, in the headers and a virtual subnet of this host. So of
 * VXLAN more must be quoted than RFC 792 asks for, as routers do since RFC 1812, 4.3.2.3.
 *
 * That is no proof: nothing here remembers what was sent, and whoever may send to this host and knows or tries out the number of a subnet
 * (24 bits; FlowID and source port are not compared) can lower a peer's path MTU. What that costs is bounded: not below what every link
 * must carry, and for as long as HNV_PATH_MTU_NS. The host's own stack sees the message, too.
 */
struct hnv_icmp_mtu {
	__u8 type, code;
	__be16 checksum;
	__be32 mtu; /* in ICMP its lower half */
} __attribute__((packed));

/* The virtual subnet in whose headers a quote of that protocol is; 0: it is none of our packets. */
static __always_inline __be32 quoted_vsid(struct __sk_buff *skb, __u32 offset, __u8 protocol)
{
	union {
		struct hnv_nvgre nvgre;
		struct hnv_vxlan vxlan;
	} h;

	if (protocol == HNV_IPPROTO_GRE) {
		if (bpf_skb_load_bytes(skb, offset, &h.nvgre, sizeof(h.nvgre)) || h.nvgre.flags != HNV_NVGRE_FLAGS || h.nvgre.proto != HNV_NVGRE_PROTO)
			return 0;
		return vsid_of(h.nvgre.key);
	}
	if (protocol == HNV_IPPROTO_UDP) {
		if (bpf_skb_load_bytes(skb, offset, &h.vxlan, sizeof(h.vxlan)) || !h.vxlan.destination || h.vxlan.destination != vxlan_port() ||
		    h.vxlan.flags != HNV_VXLAN_FLAG_I)
			return 0;
		return vsid_of(h.vxlan.key);
	}
	return 0;
}

static __always_inline void lower_path_mtu(const struct hnv_addr *local, const struct hnv_addr *pa, __be32 vsid, __u32 mtu)
{
	struct hnv_path_mtu value = { .mtu = mtu }, *known;
	struct hnv_peer *peer = bpf_map_lookup_elem(&peers, pa);

	if (!vsid || !peer || !bpf_map_lookup_elem(&local_pas, local) || !bpf_map_lookup_elem(&subnets, &vsid) || mtu >= peer->mtu)
		return;
	known = bpf_map_lookup_elem(&path_mtus, pa);
	if (known && known->mtu < mtu && bpf_ktime_get_boot_ns() < known->expires_ns)
		return;
	value.expires_ns = bpf_ktime_get_boot_ns() + HNV_PATH_MTU_NS;
	bpf_map_update_elem(&path_mtus, pa, &value, BPF_ANY);
}

#endif
