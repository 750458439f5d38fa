/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_PATH_MTU_H
#define HNV_PATH_MTU_H

#include "encap.h"

/*
 * The smallest path MTU that ICMP may impose (RFC 791: every host takes 576; RFC 8200, 5: every link carries 1280), and how long it holds
 * (RFC 1191, 6.3; RFC 8201, 4).
 */
#define HNV_PATH_MTU_FLOOR 576
#define HNV_PATH_MTU_FLOOR6 1280
#define HNV_PATH_MTU_NS (600ULL * 1000000000)

/* What fits the smallest path in the largest form needs no look at the peer's. */
#define HNV_FITS_EVERY_PATH (HNV_PATH_MTU_FLOOR - HNV_LARGEST_ROOM)

/* The largest inner IP packet that reaches the peer whole. */
static __always_inline __u32 inner_mtu(const struct hnv_addr *pa, const struct hnv_peer *peer, __u32 encapsulation)
{
	struct hnv_path_mtu *learned_mtu = bpf_map_lookup_elem(&path_mtus, pa);
	__u32 mtu = peer->mtu, room = outer_room(pa, encapsulation);

	if (learned_mtu && learned_mtu->mtu < mtu && bpf_ktime_get_boot_ns() < learned_mtu->expires_ns)
		mtu = learned_mtu->mtu;
	return mtu > room ? mtu - room : 0;
}

#endif
