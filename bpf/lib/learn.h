/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_LEARN_H
#define HNV_LEARN_H

#include "lookup.h"

/*
 * Claims: who says that an address is his, and what becomes of it. The caller fills key, who and how of the CPU's claimant; the answer
 * is one of these.
 */
#define HNV_CLAIM_OTHER 0    /* not a matter of learning: the guard has its say */
#define HNV_CLAIM_STANDS 1   /* the address was the claimant's before */
#define HNV_CLAIM_NEW 2      /* … is since now */
#define HNV_CLAIM_DEFENDED 3 /* … stays, or is again: `to`, who wanted it, is to be told */
#define HNV_CLAIM_PROBE 4    /* `to` holds it, and is to be asked */
#define HNV_CLAIM_REFUSED 5  /* `verdict` says why */

/* hnv_claimant.flags */
#define HNV_CLAIM_MAY_TAKE 0x1  /* the port may learn from this source */
#define HNV_CLAIM_FREE_ONLY 0x2 /* only if nobody else holds it */
#define HNV_CLAIM_TRACED 0x4
#define HNV_CLAIM_CHALLENGES 0x8 /* from a wire: the probe of a challenge that began there */

#define HNV_SEEN_NS 1000000000ULL /* a proof is written down once a second at most */

#define HNV_EEXIST 17

static __always_inline int claim_refused(struct hnv_claimant *c, __u32 verdict)
{
	c->verdict = verdict;
	return HNV_CLAIM_REFUSED;
}

/* An address that VMs may claim in this subnet: a host's, inside a prefix of the subnet; or a link-local one that is not another MAC's. */
static __noinline int claimable(const struct hnv_claimant *c)
{
	const struct hnv_addr *ca = &c->key.ca;
	struct hnv_route *route;
	__u8 mac[6];

	if (address_is_mapped4(ca)) {
		if (ca->bytes[12] == 0 || ca->bytes[12] == 127 || address_is_multicast4(ca))
			return 0;
	} else if (address_is_link_local6(ca)) {
		return !mac_from_eui64(ca, mac) || (mac_is_virtual(c->who.mac) && mac_equal(mac, c->who.mac));
	} else if (address_is_zero(ca) || address_is_multicast6(ca)) {
		return 0;
	}
	route = find_route(c->rd, ca);
	return route && address_is_zero(&route->next_hop) && route->vsid == c->key.vsid;
}

/* Whether a port is still what it was when it became the holder. */
static __noinline int port_lives(__u32 ifindex, __u32 port_id)
{
	struct hnv_port *port = bpf_map_lookup_elem(&ports, &ifindex);

	return port && port->port_id == port_id;
}

/*
 * A router's virtual MAC moves with the addresses that were announced with it. A claim with the MAC for another address does not get
 * it from a port that lives: frames are forwarded by it. `holder`: who has the address; a router that has the MAC may have said the address
 * with its own, as Linux does when it asks for a neighbour.
 */
static __noinline int may_use_mac(const struct hnv_claimant *c, const struct hnv_record *holder)
{
	struct hnv_mac_key key = { .vsid = c->key.vsid };
	struct hnv_virtual_mac *known;

	if (!mac_is_virtual(c->who.mac) || (holder && mac_equal(holder->mac, c->who.mac)))
		return 1;
	mac_copy(key.mac, c->who.mac);
	known = bpf_map_lookup_elem(&virtual_macs, &key);
	if (!known || (known->at.ifindex == c->who.ifindex && known->port_id == c->port_id))
		return 1;
	if (holder && known->at.ifindex == holder->ifindex && address_equal(&known->at.pa, &holder->pa))
		return 1;
	return known->at.ifindex && !port_lives(known->at.ifindex, known->port_id);
}

/* The holder is the claimant itself, whose adapter moved here with the address. */
static __noinline int moved_here(const struct hnv_claimant *c, const __u8 *holders)
{
	struct hnv_record *moved;

	if (!any_moves() || !mac_equal(holders, c->who.mac))
		return 0;
	moved = find_moved(c->key.vsid, c->who.mac);
	return moved && moved->ifindex && moved->ifindex == c->who.ifindex;
}

/* Takes one of the claimant's addresses. 0: it has as many as it may. */
static __noinline int reserve(struct hnv_claimant *c)
{
	__u32 held, limit = c->limit;

	if (c->flags & HNV_CLAIM_TRACED) {
		__u32 *now = bpf_map_lookup_elem(&learned_counts, &c->port_id);

		return !now || *now < limit;
	}
	held = reserve_address(c->port_id, limit);
	if (!held)
		emit_event(HNV_EVENT_THROTTLED, &c->key, &c->who, c->port_id, c->source);
	else if (held * 5 >= limit * 4 && (held - 1) * 5 < limit * 4)
		emit_event(HNV_EVENT_NEAR_THRESHOLD, &c->key, &c->who, c->port_id, c->source);
	return held;
}

/*
 * Takes one of the entries that the host may have in the map that all tenants share; its own ports have their limits there, if it is honest. 0: no more. Nothing
 * is given back here, also where the entry could not be written: the agent counts anew.
 */
static __always_inline int reserve_of_peer(struct hnv_claimant *c, __u64 now)
{
	struct hnv_peer_learned *peer = peer_allowed(&c->who.pa, now);

	if (!peer || peer->learned >= HNV_LEARNED_OF_PEER_MAX)
		return 0;
	__sync_fetch_and_add(&peer->learned, 1);
	return 1;
}

static __always_inline int claim_free(struct hnv_claimant *c, void *map, __u32 epoch, __u64 now)
{
	struct hnv_learned *e = &c->next;
	int error;

	if (c->flags & HNV_CLAIM_TRACED)
		return HNV_CLAIM_NEW;
	if (!c->port_id && !reserve_of_peer(c, now))
		return claim_refused(c, HNV_Internal);
	__builtin_memset(e, 0, sizeof(*e));
	e->record = c->who;
	e->port_id = c->port_id;
	e->seen_ns = now;
	e->epoch = epoch;
	e->counter = 1;
	e->source = c->source;
	error = bpf_map_update_elem(map, &c->key, e, BPF_NOEXIST);
	if (error) {
		release_address(c->port_id);
		/* Another CPU was faster, or the map is full. */
		return claim_refused(c, error == -HNV_EEXIST ? HNV_SourceRecordMissing : HNV_Internal);
	}
	place_virtual_mac(c->key.vsid, &c->who, c->port_id, now);
	emit_event(HNV_EVENT_ADDED, &c->key, &c->who, c->port_id, c->source);
	return HNV_CLAIM_NEW;
}

/* Another CPU is just ending the challenge. What comes from the wire passes all the same. */
static __always_inline int claim_busy(struct hnv_claimant *c)
{
	return c->port_id ? claim_refused(c, HNV_SourceRecordMissing) : HNV_CLAIM_OTHER;
}

/* Ends the challenge that the claimant's copy of the entry shows, for good or ill of whoever it is: the challenger's place is free. */
static __noinline int challenge_over(struct hnv_claimant *c, void *map, __u64 now)
{
	struct hnv_learned *l = bpf_map_lookup_elem(map, &c->key);

	if (!l || !challenge_end(l, c->next.deadline_ns, now))
		return 0;
	release_address(c->next.challenger_port_id);
	return 1;
}

/* The holder spoke while somebody wanted the address: that is over. */
static __always_inline int claim_defended(struct hnv_claimant *c, void *map, __u64 now)
{
	struct hnv_learned *e = &c->next;

	mac_copy(c->to.mac, e->challenger_mac);
	c->to.pa = e->challenger_pa;
	c->to.ifindex = e->challenger_ifindex;
	if (c->flags & HNV_CLAIM_TRACED)
		return HNV_CLAIM_DEFENDED;
	if (!challenge_over(c, map, now))
		return claim_busy(c);
	forget_challenger(e);
	e->seen_ns = now;
	if (bpf_map_update_elem(map, &c->key, e, BPF_ANY))
		challenge_unwritten(map, &c->key);
	emit_event(HNV_EVENT_MARKED_USABLE, &c->key, &e->record, e->port_id, e->source);
	return HNV_CLAIM_DEFENDED;
}

/* A further proof of the holder. */
static __always_inline int claim_stands(struct hnv_claimant *c, void *map, __u64 now)
{
	struct hnv_learned *e = &c->next;

	if (e->deadline_ns)
		return claim_defended(c, map, now);
	if (!(c->flags & HNV_CLAIM_TRACED) && elapsed(e->seen_ns, now) >= HNV_SEEN_NS) {
		forget_challenger(e);
		e->seen_ns = now;
		bpf_map_update_elem(map, &c->key, e, BPF_ANY); /* if not, the next proof is written down */
	}
	return HNV_CLAIM_STANDS;
}

/* The address is the claimant's from now on, whoever had it. A port has reserved its place before. */
static __always_inline int claim_moves(struct hnv_claimant *c, int remember)
{
	struct hnv_learned *e = &c->next;

	if (c->flags & HNV_CLAIM_TRACED)
		return HNV_CLAIM_NEW;
	set_challenger(e, &c->who, c->port_id);
	return finish_move(c->source, remember) ? HNV_CLAIM_NEW : claim_refused(c, HNV_Internal);
}

static __always_inline int is_challenger(const struct hnv_learned *e, const struct hnv_claimant *c)
{
	return mac_equal(e->challenger_mac, c->who.mac) && e->challenger_ifindex == c->who.ifindex && e->challenger_port_id == c->port_id &&
	       address_equal(&e->challenger_pa, &c->who.pa);
}

/* Copies the entry into `next`; one whose challenge ran out is promoted first. 0: there is none; -1: another CPU is just about to change it. */
static __always_inline int read_learned(struct hnv_claimant *c, void *map, __u64 now)
{
	struct hnv_learned *e = &c->next, *l = bpf_map_lookup_elem(map, &c->key);

	if (!l)
		return 0;
	if (is_challenged(l) && now >= l->deadline_ns && !(c->flags & HNV_CLAIM_TRACED)) {
		promote_learned(&c->key);
		l = bpf_map_lookup_elem(map, &c->key);
		if (!l)
			return 0;
	}
	*e = *l;
	if (!(c->flags & HNV_CLAIM_TRACED) && challenge_is_ending(e->deadline_ns, now))
		return -1;
	if (e->deadline_ns == HNV_DEADLINE_VOID)
		forget_challenger(e);
	if (e->deadline_ns && now >= e->deadline_ns)
		exchange(e, address_is_mapped4(&c->key.ca), now);
	return 1;
}

/* What the claims of both sides begin with. Returns the map of what is learned when the claim is a matter of learning. */
static __always_inline void *claim_begin(struct hnv_claimant *c, __u32 *epoch)
{
	struct hnv_subnet *subnet = bpf_map_lookup_elem(&subnets, &c->key.vsid);
	void *map;

	if (!subnet || !(subnet->flags & HNV_SUBNET_LEARNS))
		return 0;
	*epoch = subnet->epoch;
	if (!claimable(c))
		return 0;
	/* Policy wins. */
	map = inner_map(&records);
	if (map && bpf_map_lookup_elem(map, &c->key))
		return 0;
	return inner_map(&learned);
}

/* The claim of a port of this host. */
__noinline int claim_local(void)
{
	struct hnv_claimant *c = scratch_claimant();
	__u64 now = bpf_ktime_get_boot_ns();
	struct hnv_learned *e;
	__u32 epoch = 0;
	int known;
	void *map;

	if (!c)
		return HNV_CLAIM_OTHER;
	map = claim_begin(c, &epoch);
	if (!map)
		return HNV_CLAIM_OTHER;
	e = &c->next;
	known = read_learned(c, map, now);
	if (known < 0)
		return claim_busy(c);
	if (!known) {
		if (!(c->flags & HNV_CLAIM_MAY_TAKE))
			return HNV_CLAIM_OTHER;
		if (!may_use_mac(c, 0))
			return claim_refused(c, HNV_SourceCaMacMismatch);
		if (!reserve(c))
			return claim_refused(c, HNV_DynamicAddressThrottled);
		return claim_free(c, map, epoch, now);
	}
	/* Link-local, of a port that does not learn: the first claim holds. */
	if (!e->source)
		return HNV_CLAIM_OTHER;
	if (e->record.ifindex == c->who.ifindex && e->port_id == c->port_id) {
		if (mac_equal(e->record.mac, c->who.mac))
			return claim_stands(c, map, now);
		/* From its own MAC to a virtual one, or back. */
		if (e->deadline_ns)
			return claim_defended(c, map, now);
		if (!(c->flags & HNV_CLAIM_MAY_TAKE) || c->flags & HNV_CLAIM_FREE_ONLY)
			return HNV_CLAIM_OTHER;
		if (!may_use_mac(c, 0))
			return claim_refused(c, HNV_SourceCaMacMismatch);
		if (!(c->flags & HNV_CLAIM_TRACED))
			force_reserve_address(c->port_id); /* a move gives the former holder's back */
		return claim_moves(c, 0);
	}
	if (!e->deadline_ns && elapsed(e->seen_ns, now) < HNV_REGRET_NS && is_challenger(e, c)) {
		/* A holder that answered late. */
		if (!reserve(c))
			return claim_refused(c, HNV_DynamicAddressThrottled);
		c->to = e->record;
		return claim_moves(c, 0) == HNV_CLAIM_NEW ? HNV_CLAIM_DEFENDED : HNV_CLAIM_REFUSED;
	}
	if (!(c->flags & HNV_CLAIM_MAY_TAKE) || c->flags & HNV_CLAIM_FREE_ONLY)
		return HNV_CLAIM_OTHER;
	/* One at a time. */
	if (e->deadline_ns)
		return claim_refused(c, HNV_SourceRecordMissing);
	if (!may_use_mac(c, &e->record))
		return claim_refused(c, HNV_SourceCaMacMismatch);
	if (!reserve(c))
		return claim_refused(c, HNV_DynamicAddressThrottled);
	if ((e->record.ifindex && !port_lives(e->record.ifindex, e->port_id)) || moved_here(c, e->record.mac))
		return claim_moves(c, 0);
	c->to = e->record;
	if (c->flags & HNV_CLAIM_TRACED)
		return HNV_CLAIM_PROBE;
	set_challenger(e, &c->who, c->port_id);
	e->deadline_ns = deadline_from(now);
	if (bpf_map_update_elem(map, &c->key, e, BPF_ANY)) {
		release_address(c->port_id);
		return claim_refused(c, HNV_Internal);
	}
	emit_event(HNV_EVENT_PRE_MOVEMENT, &c->key, &c->who, c->port_id, c->source);
	return HNV_CLAIM_PROBE;
}

/*
 * What a member on another host says. Its own host accepted it before it let it out, so it is believed: an announcement moves the
 * address. The probe of a challenge begins the same challenge here, so that both ends decide alike, from the same silence. A mere
 * question after the address (HNV_CLAIM_FREE_ONLY: DAD) teaches only what nobody holds.
 */
__noinline int claim_wire(void)
{
	struct hnv_claimant *c = scratch_claimant();
	__u64 now = bpf_ktime_get_boot_ns();
	struct hnv_learned *e;
	__u32 epoch = 0;
	int known, remember;
	void *map;

	if (!c)
		return HNV_CLAIM_OTHER;
	map = claim_begin(c, &epoch);
	if (!map)
		return HNV_CLAIM_OTHER;
	e = &c->next;
	known = read_learned(c, map, now);
	if (known < 0)
		return claim_busy(c);
	if (!known)
		return c->flags & HNV_CLAIM_CHALLENGES ? HNV_CLAIM_OTHER : claim_free(c, map, epoch, now);
	if (!e->source)
		return HNV_CLAIM_OTHER;
	if (!e->record.ifindex && address_equal(&e->record.pa, &c->who.pa) &&
	    (mac_equal(e->record.mac, c->who.mac) || c->flags & (HNV_CLAIM_FREE_ONLY | HNV_CLAIM_CHALLENGES))) {
		if (c->flags & HNV_CLAIM_CHALLENGES)
			return HNV_CLAIM_OTHER;
		return claim_stands(c, map, now);
	}
	if (c->flags & HNV_CLAIM_CHALLENGES) {
		c->to = e->record;
		if (e->deadline_ns)
			return is_challenger(e, c) ? HNV_CLAIM_PROBE : claim_refused(c, HNV_SourceRecordMissing);
		/* Gone from here since: on to where it is now. */
		if (!e->record.ifindex || c->flags & HNV_CLAIM_TRACED)
			return HNV_CLAIM_PROBE;
		if (!port_lives(e->record.ifindex, e->port_id))
			return claim_moves(c, 0);
		set_challenger(e, &c->who, 0);
		e->deadline_ns = deadline_from(now);
		/* Noted or not, the holder must be asked: the challenger's host decides by its silence. */
		if (bpf_map_update_elem(map, &c->key, e, BPF_ANY))
			return HNV_CLAIM_PROBE;
		emit_event(HNV_EVENT_PRE_MOVEMENT, &c->key, &c->who, 0, c->source);
		return HNV_CLAIM_PROBE;
	}
	if (c->flags & HNV_CLAIM_FREE_ONLY)
		return HNV_CLAIM_OTHER;
	/* The former holder may object, but not one who just lost it to this one's late answer. */
	remember = e->deadline_ns || elapsed(e->seen_ns, now) >= HNV_REGRET_NS || !is_challenger(e, c);
	if (!(c->flags & HNV_CLAIM_TRACED) && e->deadline_ns && !challenge_over(c, map, now))
		return claim_busy(c);
	return claim_moves(c, remember);
}

/* The port gives the address up (DHCPRELEASE). Who wanted it has it; else it is free. */
__noinline int release_learned(void)
{
	struct hnv_claimant *c = scratch_claimant();
	__u64 now = bpf_ktime_get_boot_ns();
	void *map = inner_map(&learned);
	struct hnv_learned *e;

	if (!c || !map)
		return 0;
	e = &c->next;
	if (read_learned(c, map, now) <= 0 || !e->source || e->record.ifindex != c->who.ifindex || e->port_id != c->port_id)
		return 0;
	if (e->deadline_ns) {
		struct hnv_learned *l = bpf_map_lookup_elem(map, &c->key);

		return l && challenge_end(l, e->deadline_ns, now) ? finish_move(0, 0) : 0;
	}
	if (bpf_map_delete_elem(map, &c->key))
		return 0;
	release_address(e->port_id);
	emit_event(HNV_EVENT_DELETED, &c->key, &e->record, e->port_id, e->source);
	return 1;
}

/* Fills the CPU's claimant with a port's claim, and nothing of `key.ca`. */
static __always_inline void claimant_of_port(struct hnv_claimant *c, const struct hnv_decision *d, const struct hnv_port *port, __u32 ifindex,
					     const __u8 *mac, __u32 source)
{
	c->key.vsid = port->vsid;
	__builtin_memset(&c->who, 0, sizeof(c->who));
	mac_copy(c->who.mac, mac);
	c->who.type = HNV_RECORD_DYNAMIC;
	c->who.flags = HNV_RECORD_FLAG_UNSYNCHRONIZED;
	c->who.ifindex = ifindex;
	c->rd = port->rd;
	c->port_id = port->port_id;
	c->limit = port->learn_limit;
	c->source = source;
	c->flags = (port->learn_sources & (1 << source) ? HNV_CLAIM_MAY_TAKE : 0) | (traced(d) ? HNV_CLAIM_TRACED : 0);
	c->verdict = HNV_None;
}

#endif
