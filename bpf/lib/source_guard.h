/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_SOURCE_GUARD_H
#define HNV_SOURCE_GUARD_H

#include "lookup.h"
#include "parse.h"

/*
 * A VM that learns may be a VRRP router: it sends advertisements from its own address with the virtual MAC, and packets from the virtual
 * address with its own (RFC 9568, 7.2; what Linux does).
 */
static __always_inline int guard_virtual_mac(const struct hnv_port *port, __u32 ifindex, const struct hnv_record *record, const __u8 *mac)
{
	return port->learn_limit && record->ifindex == ifindex && (mac_is_virtual(mac) || mac_equal(mac, port->mac)) &&
	       (mac_is_virtual(record->mac) || mac_equal(record->mac, port->mac));
}

/* The MACs that a port sends from at all. */
static __always_inline int guard_mac(const struct hnv_port *port, const __u8 *mac)
{
	return mac_equal(mac, port->mac) || (port->learn_limit && mac_is_virtual(mac));
}

/*
 * A VM sends from its own addresses only. An address is its own when the way to it, looked up as for a destination, ends at its
 * port: by a record of its own, or as the next hop of a customer route (router and gateway VMs). Returns HNV_None or the verdict.
 */
static __always_inline __u32 guard_address(const struct hnv_port *port, __u32 ifindex, const struct hnv_addr *source, const __u8 *mac)
{
	struct hnv_record *record = find_record_inline(port->vsid, source), *wildcard;
	__u32 verdict;

	record = find_reverse_path(record, port->rd, source);
	if (!record)
		verdict = HNV_SourceRecordMissing;
	else if (!mac_equal(record->mac, mac) && !guard_virtual_mac(port, ifindex, record, mac))
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

	if (!guard_mac(port, mac))
		return HNV_SourceCaMacMismatch;
	if (mac_from_eui64(source, embedded) && mac_equal(embedded, port->mac))
		return HNV_None;
	record = find_record(port->vsid, source);
	return record && record->ifindex == ifindex ? HNV_None : HNV_SourceRecordMissing;
}

/* The guard of IPv4 and IPv6 frames from a VM. */
static __noinline __u32 guard_source(const struct hnv_port *port, __u32 ifindex, const struct hnv_frame *f)
{
	if (f->proto == bpf_htons(ETH_P_IPV6) && address_is_link_local6(&f->src))
		return guard_link_local(port, ifindex, &f->src, f->smac);
	return guard_address(port, ifindex, &f->src, f->smac);
}

#endif
