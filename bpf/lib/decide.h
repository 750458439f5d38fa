/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_DECIDE_H
#define HNV_DECIDE_H

#include "../include/maps.h"
#include "../include/verdicts.h"

/*
 * Every program decides once per frame. It fills the decision record of its CPU, counts the verdict, and answers with an action.
 * A traced frame (BPF_PROG_RUN with HNV_MARK_TRACE) is decided like any other, and leaves no other mark on the world.
 */
#define HNV_DECISION_TRACED 0x1
#define HNV_DECISION_TO_LEARNER 0x2 /* delivered to a port that learns; the program looks into it when it is done, and takes the flag away */
#define HNV_DECISION_ON_BEHALF 0x4  /* a frame that the VM did not send itself: not counted */

static __always_inline struct hnv_decision *decision_begin(struct __sk_buff *skb)
{
	__u32 zero = 0;
	struct hnv_decision *d = bpf_map_lookup_elem(&decision, &zero);

	if (d) {
		__builtin_memset(d, 0, sizeof(*d));
		d->flags = skb->mark == HNV_MARK_TRACE ? HNV_DECISION_TRACED : 0;
	}
	return d;
}

static __always_inline int traced(const struct hnv_decision *d)
{
	return d->flags & HNV_DECISION_TRACED;
}

static __always_inline int drop(struct hnv_decision *d, __u32 verdict)
{
	d->verdict = verdict;
	return TC_ACT_SHOT;
}

static __always_inline void count(__u32 port_id, __u32 verdict, __u32 bytes)
{
	struct hnv_counter_key key = { .port_id = port_id, .verdict = verdict };
	struct hnv_counter *c = port_id ? bpf_map_lookup_elem(&counters, &key) : bpf_map_lookup_elem(&uplink_counters, &verdict);

	if (c) {
		c->packets++;
		c->bytes += bytes;
	} else if (port_id) {
		struct hnv_counter first = { .packets = 1, .bytes = bytes };

		bpf_map_update_elem(&counters, &key, &first, BPF_NOEXIST);
	}
}

static __always_inline struct hnv_traffic *traffic_of(__u32 port_id)
{
	struct hnv_traffic *t = bpf_map_lookup_elem(&traffic, &port_id);

	if (!t) {
		struct hnv_traffic none = {};

		bpf_map_update_elem(&traffic, &port_id, &none, BPF_NOEXIST);
		t = bpf_map_lookup_elem(&traffic, &port_id);
	}
	return t;
}

static __always_inline void count_to_vm(const struct hnv_decision *d, __u32 port_id, __u32 bytes)
{
	struct hnv_traffic *t;

	if (traced(d))
		return;
	t = traffic_of(port_id);
	if (t) {
		t->to_vm_packets++;
		t->to_vm_bytes += bytes;
	}
}

#endif
