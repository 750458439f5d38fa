/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_LEARNED_H
#define HNV_LEARNED_H

#include "address.h"
#include "bucket.h"
#include "decide.h"

/*
 * One entry of `learned`: how it changes hands, and who is told. Every change writes the whole entry; one word only is changed in place, the
 * deadline, by which the CPUs agree who of them ends a challenge.
 *
 *                     claim                     deadline passed: whoever looks promotes
 *   free ─────► held ───────► held, challenged ────────────────────────────────────────► held by the challenger,
 *                 ▲  frame becomes  │                                                    the former holder remembered
 *                 │    the probe    │ the holder speaks                                      │ it speaks within a second
 *                 └─────────────────┴────────────────────────────────────────────────────────┘
 *
 * challenger_* with a deadline is who wants the address; without one, who had it before; with HNV_DEADLINE_VOID nobody.
 *
 * A challenge takes one of the challenger's places (learned_counts). Whoever ends it gives back one place, the former holder's or the
 * challenger's; so it must be ended once, and what could not be written must not be counted.
 */
#define HNV_PROBE_NS (5ULL * 1000000)
#define HNV_REGRET_NS (1000ULL * 1000000)

/*
 * Deadlines are even. An odd one is the time at which a CPU began to end the challenge: until it has written what became of it, others leave the
 * entry alone. What it wrote may be lost (the agent replaced the map by a larger one just then): after a while whoever looks ends the challenge anew.
 */
#define HNV_DEADLINE_ENDING 1ULL
#define HNV_ENDING_NS HNV_PROBE_NS

/* Events that one port may cause: a burst, and a steady rate. A refused claim costs ten. An event lost is found by the agent's next audit. */
#define HNV_EVENT_BURST 200
#define HNV_EVENT_INTERVAL_NS (10ULL * 1000000)
#define HNV_EVENT_THROTTLED_COST 10

/*
 * New entries and other events that one other host may cause: a burst, and a steady rate; what comes to less than the quarter of the smallest map that is
 * free between two looks of the agent, 10 s apart, who makes it larger (GrowableMap).
 */
#define HNV_PEER_BURST 1024
#define HNV_PEER_INTERVAL_NS (5ULL * 1000000)

/*
 * scratch (per CPU, one entry): where these programs prepare a claim (learn.h), since the stack is too small for it. Means nothing
 * after the program.
 */
struct hnv_claimant {
	struct hnv_record_key key; /* what is claimed */
	struct hnv_record who;     /* by whom: as the record will be */
	__be32 rd;
	__u32 port_id;             /* 0: claimed on another host */
	__u16 limit;
	__u8 source;
	__u8 flags;                /* HNV_CLAIM_* of learn.h */
	struct hnv_record to;      /* answer: the holder to be asked, or the challenger to be told */
	__u32 verdict;             /* answer: of a claim that is refused */
	__u32 former;              /* port that held it before a move: not on the stack, which is full on the oldest kernel */
	struct hnv_learned next;   /* the entry as it is going to be */
};
HNV_SIZE(struct hnv_claimant, HNV_CLAIMANT_ROOM);

static __always_inline void *inner_map(void *outer)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(outer, &zero);
}

static __always_inline struct hnv_claimant *scratch_claimant(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&scratch, &zero);
}

/* The MAC of a VRRP router, 00:00:5e:00:01:xx for IPv4 and 00:00:5e:00:02:xx for IPv6 (RFC 9568, 7.3). */
static __always_inline int mac_is_virtual(const __u8 *mac)
{
	__u32 first;

	__builtin_memcpy(&first, mac, 4);
	return first == bpf_htonl(0x00005e00) && (mac[4] == 1 || mac[4] == 2);
}

static __always_inline int event_allowed(__u32 port_id, __u64 cost, __u64 now)
{
	return bucket_take(&event_limits, &port_id, cost, 0, now, HNV_EVENT_INTERVAL_NS, HNV_EVENT_BURST);
}

/* Takes a token of the host's bucket. Returns what is known of it; 0: there is no token. */
static __always_inline struct hnv_peer_learned *peer_allowed(const struct hnv_addr *pa, __u64 now)
{
	struct hnv_peer_learned *peer = bpf_map_lookup_elem(&peer_learned, pa);

	if (!peer) {
		struct hnv_peer_learned full = { .last_ns = now, .tokens = HNV_PEER_BURST };

		bpf_map_update_elem(&peer_learned, pa, &full, BPF_NOEXIST);
		peer = bpf_map_lookup_elem(&peer_learned, pa);
		if (!peer)
			return 0;
	}
	peer->tokens = bucket_refill(&peer->last_ns, peer->tokens, now, HNV_PEER_INTERVAL_NS, HNV_PEER_BURST);
	if (!peer->tokens)
		return 0;
	peer->tokens--;
	return peer;
}

/*
 * Whether an event about another host's address may be told. A new entry's token was taken for the entry (reserve_of_peer). All others are of the
 * entry as this CPU just wrote it: of the challenger, if a challenge began, else of the holder.
 */
static __always_inline int event_of_peer_allowed(__u32 kind, __u64 now)
{
	struct hnv_claimant *c;

	if (kind == HNV_EVENT_ADDED)
		return 1;
	c = scratch_claimant();
	return c && peer_allowed(kind == HNV_EVENT_PRE_MOVEMENT ? &c->next.challenger_pa : &c->next.record.pa, now);
}

/* Tells the agent. `who` and `port_id`: whom the event is about, and who is to blame for it; port 0: another host. An event lost the audit makes good. */
__noinline int emit_event(__u32 kind, const struct hnv_record_key *key, const struct hnv_record *who, __u32 port_id, __u32 source)
{
	__u64 now = bpf_ktime_get_boot_ns();
	struct hnv_event *event;

	if (!key || !who)
		return 0;
	if (port_id ? !event_allowed(port_id, kind == HNV_EVENT_THROTTLED ? HNV_EVENT_THROTTLED_COST : 1, now) : !event_of_peer_allowed(kind, now))
		return 0;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event)
		return 0;
	event->ns = now;
	event->kind = kind;
	event->port_id = port_id;
	event->vsid = key->vsid;
	event->ca = key->ca;
	mac_copy(event->mac, who->mac);
	event->source = source;
	event->zero = 0;
	event->pa = who->pa;
	event->zero2 = 0;
	bpf_ringbuf_submit(event, 0);
	return 0;
}

/* Takes one of the addresses that a port may hold. Returns how many it has now; 0: it has all already. */
static __always_inline __u32 reserve_address(__u32 port_id, __u32 limit)
{
	__u32 *held = bpf_map_lookup_elem(&learned_counts, &port_id), before;

	if (!held) {
		__u32 none = 0;

		bpf_map_update_elem(&learned_counts, &port_id, &none, BPF_NOEXIST);
		held = bpf_map_lookup_elem(&learned_counts, &port_id);
		if (!held)
			return 0;
	}
	before = __sync_fetch_and_add(held, 1);
	if (before < limit)
		return before + 1;
	__sync_fetch_and_add(held, -1);
	return 0;
}

/* One more, whatever the limit: of a port that is about to give one back. */
static __always_inline void force_reserve_address(__u32 port_id)
{
	__u32 *held = bpf_map_lookup_elem(&learned_counts, &port_id);

	if (held)
		__sync_fetch_and_add(held, 1);
}

/* Gives one back. Port 0 is another host's. */
static __noinline void release_address(__u32 port_id)
{
	__u32 *held = port_id ? bpf_map_lookup_elem(&learned_counts, &port_id) : 0;

	if (held && *held)
		__sync_fetch_and_add(held, -1);
}

/* A VRRP router's MAC is where the address is that it was announced with. */
static __noinline void place_virtual_mac(__be32 vsid, const struct hnv_record *who, __u32 port_id, __u64 now)
{
	struct hnv_virtual_mac at = { .port_id = port_id, .seen_ns = now };
	struct hnv_mac_key key = { .vsid = vsid };

	if (!mac_is_virtual(who->mac))
		return;
	mac_copy(key.mac, who->mac);
	at.at.pa = who->pa;
	at.at.ifindex = who->ifindex;
	bpf_map_update_elem(&virtual_macs, &key, &at, BPF_ANY);
}

static __always_inline void forget_challenger(struct hnv_learned *e)
{
	__builtin_memset(e->challenger_mac, 0, 6);
	__builtin_memset(&e->challenger_pa, 0, 16);
	e->challenger_ifindex = 0;
	e->challenger_port_id = 0;
	e->deadline_ns = 0;
}

static __always_inline void set_challenger(struct hnv_learned *e, const struct hnv_record *who, __u32 port_id)
{
	mac_copy(e->challenger_mac, who->mac);
	e->challenger_pa = who->pa;
	e->challenger_ifindex = who->ifindex;
	e->challenger_port_id = port_id;
}

/* Another CPU, or this very frame's promotion, may have written a later time. */
static __always_inline __u64 elapsed(__u64 since, __u64 now)
{
	return now > since ? now - since : 0;
}

static __always_inline __u64 deadline_from(__u64 now)
{
	return (now + HNV_PROBE_NS) & ~HNV_DEADLINE_ENDING;
}

static __always_inline int is_challenged(const struct hnv_learned *l)
{
	return l->deadline_ns > HNV_DEADLINE_VOID;
}

static __always_inline int challenge_is_ending(__u64 deadline, __u64 now)
{
	return deadline & HNV_DEADLINE_ENDING && elapsed(deadline, now) < HNV_ENDING_NS;
}

/* Of several CPUs that would end the challenge with that deadline one may. It writes the entry, or calls challenge_unwritten(). */
static __always_inline int challenge_end(struct hnv_learned *l, __u64 deadline, __u64 now)
{
	return __sync_val_compare_and_swap(&l->deadline_ns, deadline, now | HNV_DEADLINE_ENDING) == deadline;
}

/*
 * What became of a challenge could not be written: it is over, and the holder keeps the address. Who wanted it still stands in the entry, and must not be
 * taken for who had it before.
 */
static __noinline int challenge_unwritten(void *map, const struct hnv_record_key *key)
{
	struct hnv_learned *l = bpf_map_lookup_elem(map, key);
	__u64 deadline = l ? l->deadline_ns : 0;

	if (deadline & HNV_DEADLINE_ENDING)
		__sync_val_compare_and_swap(&l->deadline_ns, deadline, HNV_DEADLINE_VOID);
	return 0;
}

/* The record of the challenger, should it become the holder. */
static __always_inline void challenger_record(const struct hnv_learned *l, struct hnv_record *record)
{
	mac_copy(record->mac, l->challenger_mac);
	record->type = HNV_RECORD_DYNAMIC;
	record->flags = HNV_RECORD_FLAG_UNSYNCHRONIZED;
	record->pa = l->challenger_pa;
	record->ifindex = l->challenger_ifindex;
}

/* The challenger becomes the holder, and the holder who had it before. */
static __noinline void exchange(struct hnv_learned *e, int is_ipv4, __u64 now)
{
	struct hnv_record loser = e->record;
	__u32 loser_port = e->port_id;

	challenger_record(e, &e->record);
	e->port_id = e->challenger_port_id;
	e->source = !e->record.ifindex ? HNV_SOURCE_PEER : is_ipv4 ? HNV_SOURCE_ARP : HNV_SOURCE_ND;
	set_challenger(e, &loser, loser_port);
	e->seen_ns = now;
	e->counter += e->counter != 0xffffffff; /* never from the beginning: that would be the oldest version */
	e->deadline_ns = 0;
}

/*
 * Makes the challenger in the CPU's claimant the holder, and writes that down. 0 as source: by the family. `remember`: the former holder
 * may object for a while. The former holder's place is free then; if it could not be written, the challenger's is. Returns whether it was.
 */
static __always_inline int write_move(struct hnv_claimant *c, void *map, const struct hnv_record_key *key, __u32 source, int remember)
{
	c->former = c->next.port_id;
	exchange(&c->next, address_is_mapped4(&key->ca), bpf_ktime_get_boot_ns());
	if (source)
		c->next.source = source;
	if (!remember)
		forget_challenger(&c->next);
	if (bpf_map_update_elem(map, key, &c->next, BPF_ANY)) {
		challenge_unwritten(map, key);
		release_address(c->next.port_id);
		return 0;
	}
	release_address(c->former);
	place_virtual_mac(key->vsid, &c->next.record, c->next.port_id, c->next.seen_ns);
	emit_event(HNV_EVENT_POST_MOVEMENT, key, &c->next.record, c->next.port_id, c->next.source);
	return 1;
}

/* As write_move(), for the address that the claimant wants. */
__noinline int finish_move(__u32 source, __u32 remember)
{
	struct hnv_claimant *c = scratch_claimant();
	void *map = inner_map(&learned);

	return c && map ? write_move(c, map, &c->key, source, remember) : 0;
}

/* The deadline of a challenge passed in silence. Of several CPUs that see it one acts. */
__noinline int promote_learned(const struct hnv_record_key *wanted)
{
	__u64 now = bpf_ktime_get_boot_ns(), deadline;
	void *map = inner_map(&learned);
	struct hnv_claimant *c = scratch_claimant();
	struct hnv_record_key key;
	struct hnv_learned *l, *e;

	if (!map || !wanted || !c)
		return 0;
	e = &c->next;
	key = *wanted;
	l = bpf_map_lookup_elem(map, &key);
	if (!l)
		return 0;
	deadline = l->deadline_ns;
	if (deadline <= HNV_DEADLINE_VOID || now < deadline || challenge_is_ending(deadline, now) || !challenge_end(l, deadline, now))
		return 0;
	*e = *l;
	return write_move(c, map, &key, 0, 1);
}

/* The record of a learned address. Traced frames get what it would be, without making it so. */
static __always_inline struct hnv_record *find_learned_inline(__be32 vsid, const struct hnv_addr *ca)
{
	struct hnv_record_key key = { .vsid = vsid, .ca = *ca };
	void *map = inner_map(&learned);
	struct hnv_learned *l;
	__u32 zero = 0;

	if (!map)
		return 0;
	l = bpf_map_lookup_elem(map, &key);
	if (l && is_challenged(l) && bpf_ktime_get_boot_ns() >= l->deadline_ns) {
		struct hnv_decision *d = bpf_map_lookup_elem(&decision, &zero);

		if (d && traced(d)) {
			challenger_record(l, &d->record);
			return &d->record;
		}
		promote_learned(&key);
		map = inner_map(&learned);
		if (!map)
			return 0;
		l = bpf_map_lookup_elem(map, &key);
	}
	return l ? &l->record : 0;
}

#endif
