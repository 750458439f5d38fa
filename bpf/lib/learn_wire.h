/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_LEARN_WIRE_H
#define HNV_LEARN_WIRE_H

#include "form.h"
#include "learn.h"
#include "neighbour.h"

/* What members of a learning subnet say on other hosts, and what is asked of ours. */

/* Finds the address that an ARP or ND message speaks of, and in which way: 0 when it claims nothing. */
static __always_inline int read_announcement(struct __sk_buff *skb, const struct hnv_frame *f, struct hnv_claimant *c)
{
	int group = mac_is_group(f->dmac);
	union {
		struct hnv_arp arp;
		struct hnv_nd nd;
	} m;

	if (f->proto == bpf_htons(ETH_P_ARP)) {
		if (bpf_skb_load_bytes(skb, HNV_INNER, &m.arp, sizeof(m.arp)) || m.arp.protocol != bpf_htons(ETH_P_IP) || m.arp.protocol_length != 4)
			return 0;
		c->key.ca = address4(m.arp.sender ? m.arp.sender : m.arp.target);
		if (m.arp.sender)
			return mac_equal(m.arp.sender_mac, f->smac);
		c->flags |= HNV_CLAIM_CHALLENGES;
		return !group && m.arp.operation == HNV_ARP_REQUEST;
	}
	if (bpf_skb_load_bytes(skb, f->l4_offset, &m.nd, sizeof(m.nd)))
		return 0;
	c->key.ca = m.nd.target;
	if (m.nd.type == HNV_ND_NEIGHBOUR_ADVERTISEMENT)
		return 1;
	if (m.nd.type != HNV_ND_NEIGHBOUR_SOLICITATION)
		return 0;
	if (address_is_zero(&f->src))
		c->flags |= group ? HNV_CLAIM_FREE_ONLY : HNV_CLAIM_CHALLENGES;
	else
		c->key.ca = f->src;
	return 1;
}

/*
 * ARP or ND from the member at `pa`, in a subnet that learns. Teaches; and says where the frame must go when its destination MAC does not:
 * a challenge to where the holder is, its answer to the challenger. Returns HNV_None or the verdict of a frame that ends here.
 */
static __noinline __u32 learn_from_wire(struct __sk_buff *skb, const struct hnv_decision *d, struct hnv_frame *f, const struct hnv_addr *pa,
					struct hnv_location *to)
{
	struct hnv_claimant *c = scratch_claimant();
	int outcome;

	if (!c)
		return HNV_None;
	c->key.vsid = d->source_vsid;
	__builtin_memset(&c->who, 0, sizeof(c->who));
	mac_copy(c->who.mac, f->smac);
	c->who.type = HNV_RECORD_DYNAMIC;
	c->who.flags = HNV_RECORD_FLAG_UNSYNCHRONIZED;
	c->who.pa = *pa;
	c->rd = d->rd;
	c->port_id = 0;
	c->limit = 0;
	c->source = HNV_SOURCE_PEER;
	c->flags = traced(d) ? HNV_CLAIM_TRACED : 0;
	c->verdict = HNV_None;
	if (!read_announcement(skb, f, c))
		return HNV_None;
	outcome = claim_wire();
	if (outcome == HNV_CLAIM_REFUSED)
		return c->verdict == HNV_Internal ? HNV_None : c->verdict;
	/* A passed-on advertisement: to all nodes by its address, to one by its MAC. */
	if (outcome == HNV_CLAIM_PROBE ||
	    (outcome == HNV_CLAIM_DEFENDED && f->proto == bpf_htons(ETH_P_IPV6) && address_is_multicast6(&f->dst) && !mac_is_group(f->dmac))) {
		to->ifindex = c->to.ifindex;
		to->pa = c->to.pa;
		mac_copy(f->dmac, c->to.mac);
	}
	return HNV_None;
}

#endif
