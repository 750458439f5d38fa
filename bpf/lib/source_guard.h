/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_SOURCE_GUARD_H
#define HNV_SOURCE_GUARD_H

#include "lookup.h"
#include "parse.h"

/*
 * A VM sends from its own addresses only. An address is its own when the way to it, looked up as for a destination, ends at its
 * port: by a record of its own, or as the next hop of a customer route (router and gateway VMs). Returns HNV_None or the verdict.
 */
static __always_inline __u32 guard_address(const struct hnv_port *port, __u32 ifindex, const struct hnv_addr *source, const __u8 *mac)
{
	struct hnv_record *record = find_reverse_path(port->vsid, port->rd, source), *wildcard;
	__u32 verdict;

	if (!record)
		verdict = HNV_SourceRecordMissing;
	else if (!mac_equal(record->mac, mac))
		verdict = HNV_SourceCaMacMismatch;
	else if (record->ifindex != ifindex)
		verdict = HNV_SourceRecordMissing;
	else if (record->flags & HNV_RECORD_FLAG_UNUSABLE)
		verdict = HNV_SourceRecordMissing;
	else
		return HNV_None;
	wildcard = find_wildcard(port->vsid, source);
	if (wildcard && wildcard->ifindex == ifindex && mac_equal(wildcard->mac, mac))
		return HNV_None;
	return verdict;
}

/*
 * Link-local IPv6 addresses belong to no policy: a port may use the one that its MAC makes (EUI-64), and those it claimed by
 * duplicate address detection.
 */
static __always_inline __u32 guard_link_local(const struct hnv_port *port, __u32 ifindex, const struct hnv_addr *source,
					      const __u8 *mac)
{
	struct hnv_record *record;
	__u8 embedded[6];

	if (!mac_equal(mac, port->mac))
		return HNV_SourceCaMacMismatch;
	if (mac_from_eui64(source, embedded) && mac_equal(embedded, mac))
		return HNV_None;
	record = find_record(port->vsid, source);
	return record && record->ifindex == ifindex ? HNV_None : HNV_SourceRecordMissing;
}

/* The guard of IPv4 and IPv6 frames from a VM. */
static __always_inline __u32 guard_source(const struct hnv_port *port, __u32 ifindex, const struct hnv_frame *f)
{
	if (f->proto == bpf_htons(ETH_P_IPV6) && address_is_link_local6(&f->src))
		return guard_link_local(port, ifindex, &f->src, f->smac);
	return guard_address(port, ifindex, &f->src, f->smac);
}

/*
 * The guard of decapsulated frames: the source must live where the frame came from, and carry the MAC that lives there, or the
 * gateway's if it was routed.
 */
static __always_inline __u32 guard_wire_source(__be32 vsid, const struct hnv_subnet *subnet, const struct hnv_frame *f,
					       const struct hnv_addr *pa)
{
	int from_gateway = mac_equal(subnet->gateway_mac, f->smac);
	struct hnv_record *record;

	if (f->proto == bpf_htons(ETH_P_ARP) || (f->proto == bpf_htons(ETH_P_IPV6) && address_is_link_local6(&f->src)) ||
	    (mac_is_group(f->dmac) && address_is_unspecified(&f->src))) {
		struct hnv_location *location = find_mac(vsid, f->smac);

		if (!location)
			return HNV_SourceRecordMissing;
		return address_equal(&location->pa, pa) ? HNV_None : HNV_SourceCaPaMismatch;
	}
	/* A routed packet's source mostly lives in another subnet of the routing domain: look there first. */
	if (from_gateway) {
		struct hnv_route *route = find_route(subnet->rd, &f->src);

		if (route && route->vsid != vsid && address_is_zero(&route->next_hop)) {
			record = find_record(route->vsid, &f->src);
			if (record && address_equal(&record->pa, pa))
				return HNV_None;
		}
	}
	record = find_reverse_path(vsid, subnet->rd, &f->src);
	if (!record || !address_equal(&record->pa, pa)) {
		struct hnv_record *wildcard = find_wildcard(vsid, &f->src);

		if (!wildcard || !address_equal(&wildcard->pa, pa))
			return record ? HNV_SourceCaPaMismatch : HNV_SourceRecordMissing;
		record = wildcard;
	}
	if (!from_gateway && !mac_equal(record->mac, f->smac))
		return HNV_SourceCaMacMismatch;
	return HNV_None;
}

#endif
