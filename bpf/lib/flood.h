/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_FLOOD_H
#define HNV_FLOOD_H

#include "flood_local.h"
#include "path_mtu.h"

/*
 * Broadcast, multicast and announcements of a VM: a copy into each other local port of the subnet; then, encapsulated once, to its
 * remote members. One remote member, or a group of the provider network, gets the frame itself. For several the frame enters again
 * at the uplink's ingress, with the mark of a flooded frame, and is copied there (lib/flood_wire.h).
 */

/* What flood_frame() answers for an action: the copies are made where the stack is shorter, by flood_copies(). */
#define HNV_ACTION_FLOOD 0x100
#define HNV_ACTION_FLOOD_LEARNERS 0x101

/*
 * Floods a frame of a VM, whose source was found right. `learners_only`: only to members that learn addresses. Returns the action, which
 * must be handed up to where the stack is short (port_neighbours.bpf.c).
 */
static __always_inline int flood_frame(int learners_only)
{
	return learners_only ? HNV_ACTION_FLOOD_LEARNERS : HNV_ACTION_FLOOD;
}

/* A token bucket of one second's frames. Two CPUs may take the same token: the limit is a guard, not a measure. */
static __noinline int storm_allowed(const struct hnv_decision *d, const struct hnv_port *port)
{
	__u64 now = bpf_ktime_get_ns(), limit = port->storm_limit, earned, elapsed;
	__u32 port_id = port->port_id;
	struct hnv_bucket *bucket;

	if (!limit || traced(d))
		return 1;
	bucket = bpf_map_lookup_elem(&storm_limits, &port_id);
	if (!bucket) {
		struct hnv_bucket full = { .last_ns = now, .tokens = limit - 1 };

		bpf_map_update_elem(&storm_limits, &port_id, &full, BPF_NOEXIST);
		return 1;
	}
	elapsed = now > bucket->last_ns ? now - bucket->last_ns : 0;
	if (elapsed >= 1000000000) {
		bucket->last_ns = now;
		bucket->tokens = limit;
	} else {
		/* What is left of a token's time counts for the next one. */
		earned = elapsed * limit / 1000000000;
		if (earned) {
			bucket->last_ns += earned * 1000000000 / limit;
			bucket->tokens += earned;
		}
		if (bucket->tokens > limit)
			bucket->tokens = limit;
	}
	if (!bucket->tokens)
		return 0;
	bucket->tokens--;
	return 1;
}

/* The first remote member to which there is a way that has room for the frame. */
struct hnv_first {
	__be32 vsid;
	__u32 learners_only;
	__u32 length; /* of the tenant's packet on a wire */
	__u32 slot;   /* where the copies begin: the first that should get one, for those that get none are counted with the others */
	__u32 uplink; /* 0: none was found */
	struct hnv_addr local, remote;
	__u8 missed; /* why a member that should get a copy gets none; 0: none was seen */
	__u8 peer_flags;
	__u8 alone; /* it is the only one */
	__u8 encapsulation;
};

static __always_inline int way_to(struct hnv_first *first, const struct hnv_addr *pa)
{
	struct hnv_peer *peer = bpf_map_lookup_elem(&peers, pa);

	if (!peer || !peer->uplink || address_is_zero(&peer->local)) {
		if (!first->missed)
			first->missed = HNV_ProviderRouteMissing;
		return 0;
	}
	if (first->length > inner_mtu(pa, peer, first->encapsulation)) {
		first->missed = HNV_MtuExceeded;
		return 0;
	}
	first->uplink = peer->uplink;
	first->local = peer->local;
	first->remote = *pa;
	first->peer_flags = peer->flags;
	return 1;
}

static long find_first(__u32 slot, struct hnv_first *first)
{
	struct hnv_member_key key = { .vsid = first->vsid, .slot = HNV_MEMBER_REMOTE | slot };
	struct hnv_member *member = bpf_map_lookup_elem(&members, &key);

	if (!member || member->ifindex || (first->learners_only && !(member->flags & HNV_MEMBER_LEARNS)))
		return 0;
	if (!first->missed)
		first->slot = slot;
	return way_to(first, &member->pa);
}

/* Encapsulates the frame and sends it to the one there is, or round through the uplink. Returns the action. */
static __noinline int send_flooded(struct __sk_buff *skb, struct hnv_decision *d, const struct hnv_frame *f,
					const struct hnv_first *first)
{
	struct hnv_outer outer = { .local = first->local, .remote = first->remote, .encapsulation = first->encapsulation };
	__u32 mark = HNV_MARK_FLOODING | (first->learners_only ? HNV_FLOODING_LEARNERS : 0) | (first->slot & HNV_FLOODING_SLOT);
	int pushed;

	outer.hash = bpf_get_hash_recalc(skb);
	outer.key = key_to(first->vsid, outer.hash, first->encapsulation, first->alone ? first->peer_flags : 0);
	outer.tos = f->tos & HNV_ECN_MASK;
	mac_copy(outer.dmac, f->dmac);
	mac_copy(outer.smac, f->smac);
	d->gre_key = outer.key;
	d->ifindex = first->uplink;
	pushed = push_outer(skb, f, &outer);
	if (pushed > 0)
		return drop(d, pushed);
	if (!first->alone)
		return redirect_marked(skb, first->uplink, mark, BPF_F_INGRESS);
	d->pa = first->remote;
	if (pushed == HNV_PUSHED_IN_FRONT)
		return redirect_marked(skb, first->uplink, HNV_MARK_ENCAPSULATED, BPF_F_INGRESS);
	set_mark(skb, 0);
	return send_encapsulated(first->uplink, &first->remote);
}

/*
 * Does what flood_frame() was asked. What a way has no room for is missing at its end only: local members get theirs. Nobody is told of that
 * by ICMP. Returns the action.
 */
static __noinline int flood_copies(struct __sk_buff *skb, struct hnv_decision *d, const struct hnv_port *port, const struct hnv_frame *f,
				   int learners_only)
{
	struct hnv_first first = { .vsid = port->vsid, .learners_only = learners_only };
	struct hnv_subnet *subnet = bpf_map_lookup_elem(&subnets, &first.vsid);
	int action;

	if (!subnet)
		return drop(d, HNV_PolicyMissing);
	if (!(subnet->flags & HNV_SUBNET_FLOODS))
		return drop(d, HNV_FloodingDisabled);
	if (!storm_allowed(d, port))
		return drop(d, HNV_StormLimitExceeded);
	d->destination_vsid = first.vsid;
	first.encapsulation = subnet->encapsulation;
	first.length = wire_length(skb, 0, f);
	if (!address_is_zero(&subnet->group))
		way_to(&first, &subnet->group);
	else if (subnet->remote_members)
		bpf_loop(subnet->remote_members, find_first, &first, 0);
	first.alone = subnet->remote_members <= 1 || !address_is_zero(&subnet->group);
	d->verdict = first.missed && !first.uplink ? first.missed : HNV_Flooded;
	if (traced(d))
		return TC_ACT_SHOT;

	action = flood_local(skb, first.vsid, f->ifindex, port->port_id, (learners_only ? HNV_FLOOD_LEARNERS : 0) | (first.uplink ? HNV_FLOOD_KEEP : 0));
	if (!first.uplink)
		return action;
	return send_flooded(skb, d, f, &first);
}

#endif
