/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_ND_H
#define HNV_ND_H

#include "announce.h"
#include "flood.h"
#include "forward_neighbour.h"
#include "neighbour.h"
#include "neighbour_advertisement.h"

/* Every link-layer address option must name the sender: otherwise the message would poison neighbour tables. */
static __always_inline __u32 check_nd_options(struct __sk_buff *skb, const struct hnv_frame *f)
{
	__u32 offset = f->l4_offset + sizeof(struct hnv_nd);
	int i;

	for (i = 0; i < HNV_ND_MAX_OPTIONS; i++) {
		__u8 option[8];

		if (offset >= skb->len)
			return HNV_None;
		if (bpf_skb_load_bytes(skb, offset, option, 8) || !option[1])
			return HNV_Malformed;
		if ((option[0] == HNV_ND_OPTION_SOURCE || option[0] == HNV_ND_OPTION_TARGET) &&
		    (option[1] != 1 || !mac_equal(option + 2, f->smac)))
			return HNV_SourceCaMacMismatch;
		offset += option[1] * 8;
	}
	return HNV_Malformed;
}

/* Turns the frame into a probe of duplicate address detection for the target (RFC 4862, 5.4.2). MACs are written when it is sent. */
static __noinline int make_nd_probe(struct __sk_buff *skb, const struct hnv_addr *target)
{
	const __u32 length = sizeof(struct hnv_nd), size = sizeof(struct hnv_nd_message) - HNV_ND_OPTION_LEN;
	struct hnv_nd_message ns = {};

	if (bpf_skb_change_tail(skb, size, 0))
		return -1;
	nd_begin(&ns, HNV_ND_NEIGHBOUR_SOLICITATION, target, length);
	/* ff02::1:ffxx:xxxx, with the target's last three bytes */
	ns.ip.daddr.s6_addr[0] = 0xff;
	ns.ip.daddr.s6_addr[1] = 2;
	ns.ip.daddr.s6_addr[11] = 1;
	ns.ip.daddr.s6_addr[12] = 0xff;
	ns.ip.daddr.s6_addr[13] = target->bytes[13];
	ns.ip.daddr.s6_addr[14] = target->bytes[14];
	ns.ip.daddr.s6_addr[15] = target->bytes[15];
	nd_checksum(&ns, length);
	return bpf_skb_store_bytes(skb, 0, &ns, size, 0);
}

/*
 * Turns a claim for an address that another VM holds into the question to the holder: a probe of duplicate address detection, to its MAC.
 * Every IPv6 stack answers that, to all nodes; the answer is passed on to who asked (tell_challenger).
 */
static __always_inline int send_nd_probe(struct __sk_buff *skb, struct hnv_decision *d, const struct hnv_port *port,
					 const struct hnv_frame *f)
{
	struct hnv_claimant *c = scratch_claimant();

	if (!c || make_nd_probe(skb, &c->key.ca))
		return drop(d, HNV_Internal);
	return send_probe(skb, d, port, f);
}

/* Answers for the target with this MAC; for the gateway, which d->record tells, as a router. */
static __noinline int answer_solicitation(struct __sk_buff *skb, struct hnv_decision *d, const struct hnv_frame *f,
					  const struct hnv_addr *target, const __u8 *mac)
{
	/* To everybody when the question came from the unspecified address (RFC 4861, 7.2.4). */
	struct hnv_addr to = { .bytes = { 0xff, 0x02, [15] = 1 } };
	__u32 flags = HNV_NA_OVERRIDE | (d->record.type == HNV_RECORD_DISTRIBUTED_GATEWAY ? HNV_NA_ROUTER : 0);
	__u8 pair[12] = { 0x33, 0x33, 0, 0, 0, 1 };

	if (!address_is_zero(&f->src)) {
		to = f->src;
		flags |= HNV_NA_SOLICITED;
		mac_copy(pair, f->smac);
	}
	mac_copy(pair + 6, mac);
	if (send_advertisement(skb, target, &to, pair, flags))
		return drop(d, HNV_Internal);
	d->verdict = HNV_AddressResolutionAnswered;
	return reply(skb, f);
}

/* Addresses that one port may claim beside that of its MAC: privacy, stable-privacy and manual link-local ones. */
#define HNV_LINK_LOCAL_MAX 4

/* A VM probes a link-local address for itself. The first claim of a subnet holds; the limit of a port is kept in its slots. */
static __noinline int claim_link_local(struct hnv_decision *d, const struct hnv_port *port, const struct hnv_frame *f,
					    const struct hnv_addr *target)
{
	struct hnv_claimant *c = scratch_claimant();
	void *map = inner_map(&learned);
	__u32 slot;

	if (!map || !c)
		return drop(d, HNV_Internal);
	claimant_of_port(c, d, port, f->ifindex, port->mac, 0);
	c->key.ca = *target;
	__builtin_memset(&c->next, 0, sizeof(c->next));
	c->next.record = c->who;
	c->next.record.flags = 0;
	c->next.seen_ns = bpf_ktime_get_boot_ns();
	for (slot = 0; slot < HNV_LINK_LOCAL_MAX; slot++) {
		struct hnv_claim_key claim_key = { .ifindex = f->ifindex, .slot = slot };
		struct hnv_claim mine = { .vsid = port->vsid, .port_id = port->port_id, .address = *target };
		struct hnv_claim *taken = bpf_map_lookup_elem(&claims, &claim_key);

		/* A slot of another port that had this interface index before is free. */
		if (taken && taken->port_id == port->port_id && taken->vsid == port->vsid)
			continue;
		if (traced(d)) {
			d->verdict = HNV_Learned;
			return TC_ACT_SHOT;
		}
		if (bpf_map_update_elem(map, &c->key, &c->next, BPF_NOEXIST))
			return drop(d, HNV_LinkLocalLimit);
		if (bpf_map_update_elem(&claims, &claim_key, &mine, BPF_ANY)) {
			bpf_map_delete_elem(map, &c->key); /* it would be in nobody's limit */
			return drop(d, HNV_Internal);
		}
		d->verdict = HNV_Learned;
		return TC_ACT_SHOT;
	}
	return drop(d, HNV_LinkLocalLimit);
}

/* A multicast solicitation, or the probe of duplicate address detection. */
static __noinline int solicitation_to_subnet(struct __sk_buff *skb, struct hnv_decision *d, const struct hnv_port *port,
						  const struct hnv_frame *f, const struct hnv_addr *target)
{
	struct hnv_record *record = find_record(port->vsid, target);
	int probe = address_is_zero(&f->src);

	if (record) {
		d->record = *record;
		if (record->ifindex == f->ifindex)
			return drop(d, HNV_FloodingDisabled);
		if (record->flags & HNV_RECORD_FLAG_UNUSABLE)
			return drop(d, HNV_AddressResolutionFailed);
		return answer_solicitation(skb, d, f, target, record->mac);
	}
	if (address_is_link_local6(target)) {
		__u8 mac[6];

		if (mac_from_eui64(target, mac)) {
			if (mac_equal(mac, port->mac))
				return drop(d, HNV_FloodingDisabled);
			if (find_mac(port->vsid, mac))
				return answer_solicitation(skb, d, f, target, mac);
			/* The address that another adapter's MAC makes is that adapter's, also before it is here. */
			if (probe)
				return drop(d, HNV_LinkLocalLimit);
		}
		if (probe)
			return claim_link_local(d, port, f, target);
	}
	if (learns(port->vsid))
		return flood_frame(1);
	return drop(d, probe ? HNV_FloodingDisabled : HNV_AddressResolutionFailed);
}

/* What the claim of an address, in a message that is well formed, comes to: 1 when the frame was dealt with, as `action` says. */
static __always_inline int nd_claim(struct __sk_buff *skb, struct hnv_decision *d, const struct hnv_port *port, const struct hnv_frame *f,
				    const struct hnv_addr *address, __u32 source, int *outcome, int *action)
{
	struct hnv_claimant *c = scratch_claimant();

	*outcome = announce(d, port, f, address, source);
	if (*outcome == HNV_CLAIM_REFUSED)
		*action = drop(d, c ? c->verdict : HNV_Internal);
	else if (*outcome == HNV_CLAIM_PROBE)
		*action = send_nd_probe(skb, d, port, f);
	else
		return 0;
	return 1;
}

/* The probe of duplicate address detection, from a port that learns: it claims its target. -1: it is no claim. */
static __always_inline int claim_by_dad(struct __sk_buff *skb, struct hnv_decision *d, const struct hnv_port *port, const struct hnv_frame *f,
					const struct hnv_addr *target)
{
	struct hnv_claimant *c = scratch_claimant();

	if (!c)
		return -1;
	claimant_of_port(c, d, port, f->ifindex, f->smac, HNV_SOURCE_SLAAC);
	c->key.ca = *target;
	switch (claim_local()) {
	case HNV_CLAIM_OTHER:
		return -1;
	case HNV_CLAIM_REFUSED:
		return drop(d, c->verdict);
	case HNV_CLAIM_PROBE:
		return send_nd_probe(skb, d, port, f);
	}
	/* Others may know of a holder who is not known here: they are asked. */
	return flood_frame(1);
}

/* Neighbour discovery from a VM. Same rules as for ARP. */
static __noinline int nd_from_vm(struct __sk_buff *skb, struct hnv_decision *d, const struct hnv_port *port, const struct hnv_frame *f,
				 __u32 type)
{
	int neighbour = type == HNV_ND_NEIGHBOUR_SOLICITATION || type == HNV_ND_NEIGHBOUR_ADVERTISEMENT;
	int outcome = HNV_CLAIM_OTHER, action = 0;
	struct hnv_claimant *c = scratch_claimant();
	struct hnv_record *record;
	struct hnv_nd nd;
	__u32 verdict;

	/* Behind an extension header it would pass as something else (RFC 6980). */
	if (!c || !type || f->flags & (HNV_FRAME_EXTENDED | HNV_FRAME_FRAGMENT) || f->ttl != 255)
		return drop(d, HNV_Malformed);
	if (!guard_mac(port, f->smac))
		return drop(d, HNV_SourceCaMacMismatch);
	if (address_is_zero(&f->src)) {
		if (type != HNV_ND_NEIGHBOUR_SOLICITATION)
			return mac_is_group(f->dmac) && type == HNV_ND_ROUTER_SOLICITATION ? flood_frame(0) : drop(d, HNV_Malformed);
	} else if (!neighbour || !port->learn_limit) {
		verdict = guard_source(port, f->ifindex, f);
		if (verdict)
			return drop(d, verdict);
	}
	if (!neighbour)
		return mac_is_group(f->dmac) ? flood_frame(0) : forward_to_mac(skb, d, port, f);

	if (bpf_skb_load_bytes(skb, f->l4_offset, &nd, sizeof(nd)) || nd.code || address_is_multicast6(&nd.target) ||
	    address_is_zero(&nd.target) || address_is_mapped4(&nd.target))
		return drop(d, HNV_Malformed);
	verdict = check_nd_options(skb, f);
	if (verdict)
		return drop(d, verdict);
	d->next_hop = nd.target;

	if (port->learn_limit && !address_is_zero(&f->src) &&
	    nd_claim(skb, d, port, f, &f->src, HNV_SOURCE_ND, &outcome, &action))
		return action;
	if (type == HNV_ND_NEIGHBOUR_ADVERTISEMENT) {
		if (!address_equal(&f->src, &nd.target) || !port->learn_limit) {
			if (nd_claim(skb, d, port, f, &nd.target, HNV_SOURCE_ND, &outcome, &action))
				return action;
		}
		/* The answer to a probe goes to all nodes; it is for the one who asked. */
		if (outcome == HNV_CLAIM_DEFENDED && mac_is_group(f->dmac))
			return forward_to_holder(skb, d, port, f, &c->to);
		if (answers_gateway(port, f))
			return end_answer(d);
		return mac_is_group(f->dmac) ? flood_frame(0) : forward_to_mac(skb, d, port, f);
	}
	if (mac_is_group(f->dmac)) {
		if (port->learn_limit && address_is_zero(&f->src)) {
			action = claim_by_dad(skb, d, port, f, &nd.target);
			if (action >= 0)
				return action;
		}
		return solicitation_to_subnet(skb, d, port, f, &nd.target);
	}
	if (address_is_zero(&f->src))
		return drop(d, HNV_Malformed);
	record = find_record(port->vsid, &nd.target);
	if (record && record->type == HNV_RECORD_DISTRIBUTED_GATEWAY && mac_equal(record->mac, f->dmac)) {
		d->record = *record;
		return answer_solicitation(skb, d, f, &nd.target, record->mac);
	}
	return forward_to_mac(skb, d, port, f);
}

#endif
