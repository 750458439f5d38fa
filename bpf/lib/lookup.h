/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_LOOKUP_H
#define HNV_LOOKUP_H

#include "move.h"

/*
 * Who is where. Every key begins with a virtual subnet or a routing domain, so that no lookup can leave its tenant.
 * `records` is policy and wins; `learned` is what these programs saw.
 */

static __always_inline struct hnv_record *find_policy(__be32 vsid, const struct hnv_addr *ca)
{
	struct hnv_record_key key = { .vsid = vsid, .ca = *ca };
	void *map = inner_map(&records);

	return map ? bpf_map_lookup_elem(map, &key) : 0;
}

static __noinline struct hnv_record *find_learned(__be32 vsid, const struct hnv_addr *ca)
{
	return find_learned_inline(vsid, ca);
}

/* On the way of every packet: what policy knows costs one lookup. */
static __always_inline struct hnv_record *find_record_inline(__be32 vsid, const struct hnv_addr *ca)
{
	struct hnv_record *record = find_policy(vsid, ca);

	if (record)
		return follow_move(vsid, record, record->flags & HNV_RECORD_FLAG_MOVING);
	record = find_learned(vsid, ca);
	return record ? follow_move(vsid, record, any_moves()) : 0;
}

/* Everywhere else: a copy in each place would fill the stack. */
static __noinline struct hnv_record *find_record(__be32 vsid, const struct hnv_addr *ca)
{
	struct hnv_record *record = find_policy(vsid, ca);

	if (record)
		return follow_move(vsid, record, record->flags & HNV_RECORD_FLAG_MOVING);
	record = find_learned_inline(vsid, ca);
	return record ? follow_move(vsid, record, any_moves()) : 0;
}

static __always_inline struct hnv_location *find_mac(__be32 vsid, const __u8 *mac)
{
	struct hnv_mac_key key = { .vsid = vsid };
	struct hnv_location *location;
	void *map = inner_map(&macs);

	if (any_moves()) {
		struct hnv_record *moved = find_moved(vsid, mac);

		if (moved)
			return (struct hnv_location *)&moved->pa;
	}
	mac_copy(key.mac, mac);
	location = map ? bpf_map_lookup_elem(map, &key) : 0;
	if (!location && mac_is_virtual(mac))
		location = bpf_map_lookup_elem(&virtual_macs, &key); /* begins with a struct hnv_location */
	return location;
}

/* Whether addresses are learned in the subnet. */
static __always_inline int learns(__be32 vsid)
{
	struct hnv_subnet *subnet = bpf_map_lookup_elem(&subnets, &vsid);

	return subnet && subnet->flags & HNV_SUBNET_LEARNS;
}

/*
 * One trie holds both families. An IPv4 destination (::ffff:a.b.c.d) that no IPv4 prefix covers would fall through to an IPv6
 * default route; its next hop tells.
 */
static __always_inline struct hnv_route *find_route(__be32 rd, const struct hnv_addr *destination)
{
	struct hnv_route_key key = { .prefix_length = 32 + 128, .rd = rd, .prefix = *destination };
	struct hnv_route *route = bpf_map_lookup_elem(&routes, &key);

	if (route && !address_is_zero(&route->next_hop) && address_is_mapped4(&route->next_hop) != address_is_mapped4(destination))
		return 0;
	return route;
}

/*
 * The reverse path of a source: the record through which the address is reached from its subnet. `record` is its own; without one, that
 * of the next hop on the way to it.
 */
static __always_inline struct hnv_record *find_reverse_path(struct hnv_record *record, __be32 rd, const struct hnv_addr *source)
{
	struct hnv_route *route = record ? 0 : find_route(rd, source);

	if (!route)
		return record;
	return find_record(route->vsid, address_is_zero(&route->next_hop) ? source : &route->next_hop);
}

/* The VM that may send from any address into a subnet, if there is one (lookup record of type GatewayWildcard). */
static __always_inline struct hnv_record *find_wildcard(__be32 vsid, const struct hnv_addr *source)
{
	struct hnv_addr any = address_is_mapped4(source) ? address4(0) : (struct hnv_addr){};
	struct hnv_record *record = find_record(vsid, &any);

	return record && record->type == HNV_RECORD_GATEWAY_WILDCARD ? record : 0;
}

/*
 * Whether a frame for a learned address goes to its holder, though it carries another MAC: the sender's neighbour table is older than
 * the address's last move. Not if the sender chose a router VM (the subnet's GatewayWildcard) to send it through.
 */
static __always_inline int follows_address(__be32 vsid, const struct hnv_record *record, const struct hnv_addr *ca, const __u8 *mac)
{
	struct hnv_record *router;

	if (record->type != HNV_RECORD_DYNAMIC || record->flags & HNV_RECORD_FLAG_UNUSABLE)
		return 0;
	router = find_wildcard(vsid, ca);
	return !router || !mac_equal(router->mac, mac);
}

#endif
