/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_FLOOD_LOCAL_H
#define HNV_FLOOD_LOCAL_H

#include "deliver.h"
#include "mark.h"

#define HNV_FLOOD_LEARNERS 0x1 /* only to members that learn addresses */
#define HNV_FLOOD_KEEP 0x2     /* the frame is still needed */

/* Copies of one frame to local members. */
struct hnv_spread {
	struct __sk_buff *skb;
	__be32 vsid;
	__u32 sender;        /* interface that gets none; 0: none is the sender's */
	__u32 learners_only;
	__u32 pending;       /* port whose copy is still to be sent; 0: none */
	__u32 pending_id;
	__u32 port_id;       /* whose counters lost copies go to */
};

/* As the functions of decide.h, with less of the stack, which is short at the bottom of a loop. */
static const struct hnv_traffic no_traffic = {};
static const struct hnv_counter no_counter = {};

static __always_inline void count_copy_to_vm(__u32 port_id, __u32 bytes)
{
	struct hnv_traffic *t = bpf_map_lookup_elem(&traffic, &port_id);

	if (!t) {
		bpf_map_update_elem(&traffic, &port_id, &no_traffic, BPF_NOEXIST);
		t = bpf_map_lookup_elem(&traffic, &port_id);
	}
	if (t) {
		t->to_vm_packets++;
		t->to_vm_bytes += bytes;
	}
}

static __always_inline void count_copy(__u32 port_id, __u32 verdict, __u32 bytes)
{
	struct hnv_counter_key key = { .port_id = port_id, .verdict = verdict };
	struct hnv_counter *c = port_id ? bpf_map_lookup_elem(&counters, &key) : bpf_map_lookup_elem(&uplink_counters, &verdict);

	if (!c && port_id) {
		bpf_map_update_elem(&counters, &key, &no_counter, BPF_NOEXIST);
		c = bpf_map_lookup_elem(&counters, &key);
	}
	if (c) {
		c->packets++;
		c->bytes += bytes;
	}
}

static __always_inline void copy_to_pending(struct hnv_spread *s)
{
	if (bpf_clone_redirect(s->skb, s->pending, 0))
		count_copy(s->port_id, HNV_FloodCopyLost, s->skb->len);
	else
		count_copy_to_vm(s->pending_id, s->skb->len);
}

static long copy_to_port(__u32 slot, struct hnv_spread *s)
{
	struct hnv_member_key key = { .vsid = s->vsid, .slot = slot };
	struct hnv_member *member = bpf_map_lookup_elem(&members, &key);
	struct hnv_port *port;

	if (!member || !member->ifindex || member->ifindex == s->sender || (s->learners_only && !(member->flags & HNV_MEMBER_LEARNS)))
		return 0;
	key.slot = member->ifindex;
	/* As in deliver(): the member is policy's word, the port what is bound in truth. */
	port = bpf_map_lookup_elem(&ports, &key.slot);
	if (!port || port->vsid != s->vsid)
		return 0;
	if (s->pending)
		copy_to_pending(s);
	s->pending = key.slot;
	s->pending_id = port->port_id;
	return 0;
}

/*
 * Copies the frame into the local ports of the subnet but the sender's. The last copy is the frame itself, or with `keep` one more copy.
 * Lost ones count for port `port_id`. Returns the action.
 */
static __noinline int flood_local(struct __sk_buff *skb, __be32 vsid, __u32 sender, __u32 port_id, __u32 flags)
{
	struct hnv_spread s = { .skb = skb, .vsid = vsid, .sender = sender, .port_id = port_id, .learners_only = flags & HNV_FLOOD_LEARNERS };
	struct hnv_subnet *subnet = bpf_map_lookup_elem(&subnets, &s.vsid);

	if (!subnet)
		return TC_ACT_SHOT;
	set_mark(skb, HNV_MARK_DELIVER);
	bpf_loop(subnet->local_members, copy_to_port, &s, 0);
	if (s.pending && flags & HNV_FLOOD_KEEP) {
		copy_to_pending(&s);
		s.pending = 0;
	}
	if (!s.pending)
		return TC_ACT_SHOT;
	count_copy_to_vm(s.pending_id, skb->len);
	return bpf_redirect(s.pending, 0);
}

#endif
