/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_FORWARD_NEIGHBOUR_H
#define HNV_FORWARD_NEIGHBOUR_H

#include "forward.h"

/* ARP and ND to the adapter with the frame's destination MAC. Nobody is told by ICMP: the stack has no room for it. */
static __noinline int forward_to_mac(struct __sk_buff *skb, struct hnv_decision *d, const struct hnv_port *port, const struct hnv_frame *f)
{
	struct hnv_location *location = find_mac(port->vsid, f->dmac);
	struct hnv_hop hop = { .vsid = port->vsid };

	if (!location)
		return drop(d, HNV_DestinationMacMismatch);
	hop.ifindex = location->ifindex;
	hop.pa = location->pa;
	mac_copy(hop.dmac, f->dmac);
	mac_copy(hop.smac, f->smac);
	return forward_or_tell(skb, d, port, f, &hop, 0);
}

/*
 * Whether a VM's answer goes to the gateway's MAC: then it is to a question of the gateway's, whether the VM has an address (port_ask.bpf.c; the agent
 * asks when entries age). What it claims was heard.
 */
static __noinline int answers_gateway(const struct hnv_port *port, const struct hnv_frame *f)
{
	__be32 vsid = port->vsid;
	struct hnv_subnet *subnet = port->learn_limit ? bpf_map_lookup_elem(&subnets, &vsid) : 0;

	return subnet && mac_equal(f->dmac, subnet->gateway_mac);
}

static __always_inline int end_answer(struct hnv_decision *d)
{
	d->verdict = HNV_Learned;
	return TC_ACT_SHOT;
}

/* To where an address is, with the MAC that it has there, whatever the frame says. */
static __noinline int forward_to_holder(struct __sk_buff *skb, struct hnv_decision *d, const struct hnv_port *port,
					const struct hnv_frame *f, const struct hnv_record *holder)
{
	struct hnv_hop hop = { .vsid = port->vsid };

	hop_to_record(&hop, holder);
	mac_copy(hop.smac, f->smac);
	return forward_or_tell(skb, d, port, f, &hop, 0);
}

/* A finished probe, to the holder of the address that this CPU's claimant wants. */
static __always_inline int send_probe(struct __sk_buff *skb, struct hnv_decision *d, const struct hnv_port *port, const struct hnv_frame *f)
{
	struct hnv_claimant *c = scratch_claimant();
	int action;

	if (!c)
		return drop(d, HNV_Internal);
	d->next_hop = c->key.ca;
	d->record = c->to;
	action = forward_to_holder(skb, d, port, f, &c->to);
	if (d->verdict == HNV_DeliveredLocal || d->verdict == HNV_Encapsulated)
		d->verdict = HNV_AddressProbed;
	return action;
}

#endif
