/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_MOVE_H
#define HNV_MOVE_H

#include "learned.h"

/*
 * Adapters on their way to another host (docs/design/migration.md).
 *
 *   moves        policy's word: this adapter may appear there     written by the agent only
 *   activations  it was heard there                               written by these programs only
 *
 * A move takes effect with the two agreeing. So nobody can move an adapter that policy does not move, nor to another place; and it
 * happens while the agents are dead. Only records that are marked, and what is found by MAC or was learned while there is any move, pay for
 * the lookups.
 */

static __always_inline int any_moves(void)
{
	__u32 zero = 0, *any = bpf_map_lookup_elem(&moving, &zero);

	return any && *any;
}

/* What the records of a moving adapter are since it was heard at its new place; 0: it was not, or does not move. */
static __noinline struct hnv_record *find_moved(__be32 vsid, const __u8 *mac)
{
	struct hnv_mac_key key = { .vsid = vsid };
	struct hnv_activation *activation;
	struct hnv_move *move;

	mac_copy(key.mac, mac);
	move = bpf_map_lookup_elem(&moves, &key);
	activation = bpf_map_lookup_elem(&activations, &key);
	if (!move || !activation || !address_equal(&activation->pa, &move->to.pa))
		return 0;
	return move->to.ifindex || !address_is_zero(&move->to.pa) ? &move->to : 0;
}

/* Where a record leads now that its adapter may have moved. */
static __always_inline struct hnv_record *follow_move(__be32 vsid, struct hnv_record *record, __u32 moves)
{
	struct hnv_record *moved = moves ? find_moved(vsid, record->mac) : 0;

	return moved ? moved : record;
}

#endif
