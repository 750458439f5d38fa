/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_WIRE_GUARD_H
#define HNV_WIRE_GUARD_H

#include "lookup.h"
#include "move_wire.h"
#include "parse.h"

/* Whether the holder of a record is at that host; one that moves there is from now on. */
static __always_inline int lives_at(__be32 vsid, const struct hnv_record *record, const struct hnv_addr *pa)
{
	return address_equal(&record->pa, pa) || (any_moves() && appeared_at(vsid, record->mac, pa));
}

/* The same of an adapter. */
static __always_inline int adapter_is_at(__be32 vsid, const struct hnv_location *location, const __u8 *mac, const struct hnv_addr *pa)
{
	return address_equal(&location->pa, pa) || (any_moves() && appeared_at(vsid, mac, pa));
}

/*
 * The guard of decapsulated frames: the source must live where the frame came from, and carry the MAC that lives there, or the
 * gateway's if it was routed.
 *
 * Where addresses are learned, three things are its own host's word alone, which looked at them before it let them out: ARP and ND,
 * which only now say where an address is; a VRRP router's MAC, which is where it says that it is; and a source that is not known here
 * at all. The last is no proof and teaches nothing, but a frame must not be lost because its announcement was: it passes if its MAC
 * lives where it came from. A source that is known is always compared.
 */
__noinline __u32 guard_wire_source(__be32 vsid, const struct hnv_subnet *subnet, const struct hnv_frame *f, const struct hnv_addr *pa, int nd)
{
	int from_gateway, learns;
	struct hnv_location *location;
	struct hnv_record *record;
	struct hnv_route *route;

	if (!subnet || !f || !pa)
		return HNV_Internal;
	from_gateway = mac_equal(subnet->gateway_mac, f->smac);
	learns = subnet->flags & HNV_SUBNET_LEARNS;

	if (f->proto == bpf_htons(ETH_P_ARP) || (learns && nd) || (f->proto == bpf_htons(ETH_P_IPV6) && address_is_link_local6(&f->src)) ||
	    (mac_is_group(f->dmac) && address_is_unspecified(&f->src))) {
		if (learns && mac_is_virtual(f->smac))
			return HNV_None;
		location = find_mac(vsid, f->smac);
		if (!location)
			return HNV_SourceRecordMissing;
		return adapter_is_at(vsid, location, f->smac, pa) ? HNV_None : HNV_SourceCaPaMismatch;
	}
	/* A routed packet's source mostly lives in another subnet of the routing domain: look there first. */
	if (from_gateway) {
		route = find_route(subnet->rd, &f->src);
		if (route && route->vsid != vsid && address_is_zero(&route->next_hop)) {
			record = find_record(route->vsid, &f->src);
			if (record && lives_at(route->vsid, record, pa))
				return HNV_None;
			if (!record) {
				__be32 source_vsid = route->vsid;

				struct hnv_subnet *far = bpf_map_lookup_elem(&subnets, &source_vsid);

				if (far && far->flags & HNV_SUBNET_LEARNS)
					return HNV_None;
			}
		}
	}
	record = find_reverse_path(find_record(vsid, &f->src), subnet->rd, &f->src);
	if (!record || !lives_at(vsid, record, pa)) {
		struct hnv_record *wildcard = find_wildcard(vsid, &f->src);

		if (!wildcard || !address_equal(&wildcard->pa, pa)) {
			if (record)
				return HNV_SourceCaPaMismatch;
			route = learns ? find_route(subnet->rd, &f->src) : 0;
			location = route && route->vsid == vsid && address_is_zero(&route->next_hop) ? find_mac(vsid, f->smac) : 0;
			return location && adapter_is_at(vsid, location, f->smac, pa) ? HNV_None : HNV_SourceRecordMissing;
		}
		record = wildcard;
	}
	if (from_gateway || mac_equal(record->mac, f->smac))
		return HNV_None;
	if (learns && mac_is_virtual(f->smac))
		return HNV_None;
	if (learns && mac_is_virtual(record->mac)) {
		location = find_mac(vsid, f->smac);
		if (location && address_equal(&location->pa, pa))
			return HNV_None;
	}
	return HNV_SourceCaMacMismatch;
}

#endif
