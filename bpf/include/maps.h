/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_MAPS_H
#define HNV_MAPS_H

#include "kernel.h"
#include "layouts.h"
#include "verdicts.h"

/*
 * Every program that names a map gets the same one: the loader creates each once and pins it.
 *
 * Hashes are not preallocated: they cost memory for what they hold, and a table of buckets for what they may hold. The three
 * that grow with the cloud (records, macs, learned) stand behind an outer map of one slot, so that the agent can replace them by
 * larger ones with a single write, under traffic.
 */

#define HNV_MAP_HASH(name_, key_, value_, max_)                                                                                \
	struct {                                                                                                               \
		__uint(type, BPF_MAP_TYPE_HASH);                                                                               \
		__uint(max_entries, max_);                                                                                     \
		__uint(map_flags, BPF_F_NO_PREALLOC);                                                                          \
		__type(key, key_);                                                                                             \
		__type(value, value_);                                                                                         \
	} name_ SEC(".maps")

#define HNV_MAP_PERCPU_HASH(name_, key_, value_, max_)                                                                         \
	struct {                                                                                                               \
		__uint(type, BPF_MAP_TYPE_PERCPU_HASH);                                                                        \
		__uint(max_entries, max_);                                                                                     \
		__uint(map_flags, BPF_F_NO_PREALLOC);                                                                          \
		__type(key, key_);                                                                                             \
		__type(value, value_);                                                                                         \
	} name_ SEC(".maps")

#define HNV_MAP_GROWING(name_, key_, value_)                                                                                   \
	struct {                                                                                                               \
		__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);                                                                      \
		__uint(max_entries, 1);                                                                                        \
		__type(key, __u32);                                                                                            \
		__array(values, struct {                                                                                       \
			__uint(type, BPF_MAP_TYPE_HASH);                                                                       \
			__uint(max_entries, 1024);                                                                             \
			__uint(map_flags, BPF_F_NO_PREALLOC);                                                                  \
			__uint(key_size, sizeof(key_));                                                                        \
			__uint(value_size, sizeof(value_));                                                                    \
		});                                                                                                            \
	} name_ SEC(".maps")

HNV_MAP_HASH(ports, __u32, struct hnv_port, 65536);
HNV_MAP_HASH(subnets, __be32, struct hnv_subnet, 65536);
HNV_MAP_HASH(peers, struct hnv_addr, struct hnv_peer, 65536);
HNV_MAP_HASH(local_pas, struct hnv_addr, struct hnv_local_pa, 256);
HNV_MAP_HASH(path_mtus, struct hnv_addr, struct hnv_path_mtu, 65536);
HNV_MAP_HASH(claims, struct hnv_claim_key, struct hnv_claim, 65536);
HNV_MAP_HASH(icmp_limits, __u32, struct hnv_bucket, 65536);
HNV_MAP_HASH(storm_limits, __u32, struct hnv_bucket, 65536);
HNV_MAP_HASH(event_limits, __u32, struct hnv_bucket, 65536);
HNV_MAP_HASH(learned_counts, __u32, __u32, 65536);
HNV_MAP_HASH(peer_learned, struct hnv_addr, struct hnv_peer_learned, 65536);
HNV_MAP_HASH(members, struct hnv_member_key, struct hnv_member, 1048576);
HNV_MAP_HASH(redirect_limits, struct hnv_addr, struct hnv_bucket, 65536);
HNV_MAP_HASH(moves, struct hnv_mac_key, struct hnv_move, 16384);
HNV_MAP_HASH(activations, struct hnv_mac_key, struct hnv_activation, 16384);
HNV_MAP_HASH(virtual_macs, struct hnv_mac_key, struct hnv_virtual_mac, 65536);

HNV_MAP_HASH(leases, __u32, struct hnv_lease, 65536);
HNV_MAP_HASH(dhcp4, __be32, struct hnv_dhcp4, 65536);
HNV_MAP_HASH(dhcp6, __be32, struct hnv_dhcp6, 65536);
HNV_MAP_HASH(router_advertisements, __be32, struct hnv_router_advertisement, 65536);
HNV_MAP_HASH(advertised, __u32, struct hnv_advertised, 65536);

HNV_MAP_GROWING(records, struct hnv_record_key, struct hnv_record);
HNV_MAP_GROWING(learned, struct hnv_record_key, struct hnv_learned);
HNV_MAP_GROWING(macs, struct hnv_mac_key, struct hnv_location);

HNV_MAP_PERCPU_HASH(counters, struct hnv_counter_key, struct hnv_counter, 1048576);
HNV_MAP_PERCPU_HASH(traffic, __u32, struct hnv_traffic, 65536);

/* An array: looked up inline, for every packet of the uplinks. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, HNV_VERDICT_MAX);
	__type(key, __u32);
	__type(value, struct hnv_counter);
} uplink_counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 1048576);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct hnv_route_key);
	__type(value, struct hnv_route);
} routes SEC(".maps");

/* Whether there is any move: an array, to be asked inline. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} moving SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 262144);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hnv_config);
} config SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hnv_decision);
} decision SEC(".maps");

/* Room to work in, for what is larger than a stack. Holds nothing from one frame to the next. */
#define HNV_ANSWER_ROOM 2048

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, 4);
	__uint(value_size, HNV_ANSWER_ROOM);
} answers SEC(".maps");

#define HNV_CLAIMANT_ROOM 184 /* struct hnv_claimant of lib/learned.h */

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, 4);
	__uint(value_size, HNV_CLAIMANT_ROOM);
} scratch SEC(".maps");

#endif
