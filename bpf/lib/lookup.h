/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_LOOKUP_H
#define HNV_LOOKUP_H

#include "address.h"
#include "../include/maps.h"

/*
 * Who is where. Every key begins with a virtual subnet or a routing domain, so that no lookup can leave its tenant.
 * `records` is policy and wins; `learned` is what these programs saw.
 */

static __always_inline void *inner_map(void *outer)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(outer, &zero);
}

static __always_inline struct hnv_record *find_record(__be32 vsid, const struct hnv_addr *ca)
{
	struct hnv_record_key key = { .vsid = vsid, .ca = *ca };
	struct hnv_record *record = 0;
	void *map = inner_map(&records);

	if (map)
		record = bpf_map_lookup_elem(map, &key);
	if (!record) {
		map = inner_map(&learned);
		if (map)
			record = bpf_map_lookup_elem(map, &key); /* begins with a struct hnv_record */
	}
	return record;
}

static __always_inline struct hnv_location *find_mac(__be32 vsid, const __u8 *mac)
{
	struct hnv_mac_key key = { .vsid = vsid };
	void *map = inner_map(&macs);

	mac_copy(key.mac, mac);
	return map ? bpf_map_lookup_elem(map, &key) : 0;
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
 * The reverse path of a source: the record through which the address is reached from its subnet. Its own, or that of the next hop
 * on the way to it.
 */
static __always_inline struct hnv_record *find_reverse_path(__be32 vsid, __be32 rd, const struct hnv_addr *source)
{
	struct hnv_record *record = find_record(vsid, source);
	struct hnv_route *route;

	if (record)
		return record;
	route = find_route(rd, source);
	if (!route)
		return 0;
	return find_record(route->vsid, address_is_zero(&route->next_hop) ? source : &route->next_hop);
}

/* The VM that may send from any address into a subnet, if there is one (lookup record of type GatewayWildcard). */
static __always_inline struct hnv_record *find_wildcard(__be32 vsid, const struct hnv_addr *source)
{
	struct hnv_addr any = address_is_mapped4(source) ? address4(0) : (struct hnv_addr){};
	struct hnv_record *record = find_record(vsid, &any);

	return record && record->type == HNV_RECORD_GATEWAY_WILDCARD ? record : 0;
}

#endif
