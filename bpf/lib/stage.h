/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_STAGE_H
#define HNV_STAGE_H

#include "../include/stages.h"
#include "decide.h"

/*
 * How a frame goes from one program to the next (include/stages.h). Functions answer for an action what stage the frame is to end in; the
 * program itself calls it: in a function the tail call would take half the stack of all its callers. Whoever decides counts.
 */
#define HNV_ACTION_STAGE 0x400

/* skb->cb[0], from who drops a frame and wants its sender told to the stage that tells: the MTU, of MtuExceeded. */
#define HNV_CB_MTU 0

static __always_inline int to_stage(enum hnv_stage number)
{
	return HNV_ACTION_STAGE | number;
}

static __noinline int set_told_mtu(struct __sk_buff *skb, __u32 mtu)
{
	skb->cb[HNV_CB_MTU] = mtu;
	return 0;
}

/* The frame is dropped for the reason of `verdict`, which is the gateway's to answer, or to tell the sender (port_gateway). */
static __always_inline int leave_to_gateway(struct __sk_buff *skb, struct hnv_decision *d, __u32 verdict, __u32 mtu)
{
	d->verdict = verdict;
	set_told_mtu(skb, mtu);
	return to_stage(HNV_STAGE_port_gateway);
}

static __always_inline struct hnv_decision *decision_of_stage(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&decision, &zero);
}

/* The end of every program that decides on frames of ports. `bytes`: of the frame as it came. Returns the action. */
static __always_inline int finish_port(struct __sk_buff *skb, struct hnv_decision *d, const struct hnv_port *port, __u32 bytes, int action)
{
	if (action >= HNV_ACTION_STAGE) {
		bpf_tail_call(skb, &stages, action - HNV_ACTION_STAGE);
		action = drop(d, HNV_Internal); /* it is not there */
	}
	if (d->flags & HNV_DECISION_ON_BEHALF)
		return action;
	if (!traced(d))
		count(port ? port->port_id : 0, d->verdict, bytes);
	if (d->verdict == HNV_SourceRecordMissing && port && port->learn_limit)
		bpf_tail_call(skb, &stages, HNV_STAGE_port_ask);
	return action;
}

#endif
