/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_MOVE_WIRE_H
#define HNV_MOVE_WIRE_H

#include "activate.h"

/* Moving adapters, as the provider network shows them. */

/* The port that is prepared here for an adapter, whether it was heard or not; 0: none. */
static __noinline __u32 prepared_port(__be32 vsid, const __u8 *mac)
{
	struct hnv_mac_key key = { .vsid = vsid };
	struct hnv_move *move;

	mac_copy(key.mac, mac);
	move = bpf_map_lookup_elem(&moves, &key);
	return move ? move->to.ifindex : 0;
}

/*
 * A frame with that source came from the host at `pa`. If the adapter moves there it has arrived, and the frame is right: 1. Whoever else
 * sends it is not believed.
 */
static __noinline int appeared_at(__be32 vsid, const __u8 *mac, const struct hnv_addr *pa)
{
	struct hnv_mac_key key = { .vsid = vsid };
	struct hnv_decision *d;
	struct hnv_move *move;
	__u32 zero = 0;

	mac_copy(key.mac, mac);
	move = bpf_map_lookup_elem(&moves, &key);
	if (!move || address_is_zero(pa) || !address_equal(&move->to.pa, pa))
		return 0;
	d = bpf_map_lookup_elem(&decision, &zero);
	if (d && !traced(d))
		activate(&key, pa);
	return 1;
}

#endif
