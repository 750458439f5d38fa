/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_ACTIVATE_H
#define HNV_ACTIVATE_H

#include "move.h"

/* Tells the agent of an adapter, and of the host at `pa` (zero: this one). As emit_event(), with less of the stack. */
static __noinline int emit_move_event(__u32 kind, const struct hnv_mac_key *key, const struct hnv_addr *pa)
{
	struct hnv_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event)
		return 0;
	__builtin_memset(event, 0, sizeof(*event));
	event->ns = bpf_ktime_get_boot_ns();
	event->kind = kind;
	event->vsid = key->vsid;
	mac_copy(event->mac, key->mac);
	event->pa = *pa;
	bpf_ringbuf_submit(event, 0);
	return 0;
}

/* The adapter is at its new place from now on, the one at `pa` (zero: here). */
static __noinline int activate(const struct hnv_mac_key *key, const struct hnv_addr *pa)
{
	struct hnv_activation now = { .pa = *pa, .since_ns = bpf_ktime_get_boot_ns() };

	bpf_map_update_elem(&activations, key, &now, BPF_ANY);
	return emit_move_event(HNV_EVENT_ACTIVATED, key, pa);
}

#endif
