/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_ARP_H
#define HNV_ARP_H

#include "announce.h"
#include "flood.h"
#include "forward_neighbour.h"
#include "neighbour.h"

/* Answers a request in place: `mac` has the address that was asked for. */
static __always_inline int answer_arp(struct __sk_buff *skb, struct hnv_decision *d, const struct hnv_frame *f, struct hnv_arp *arp, const __u8 *mac)
{
	__be32 asked = arp->target;

	mac_copy(arp->eth.h_dest, arp->sender_mac);
	mac_copy(arp->eth.h_source, mac);
	arp->operation = HNV_ARP_REPLY;
	mac_copy(arp->target_mac, arp->sender_mac);
	arp->target = arp->sender;
	mac_copy(arp->sender_mac, mac);
	arp->sender = asked;
	if (bpf_skb_store_bytes(skb, 0, arp, sizeof(*arp), 0))
		return drop(d, HNV_Internal);
	d->verdict = HNV_AddressResolutionAnswered;
	return reply(skb, f);
}

/*
 * Turns a claim for an address that another VM holds into the question to the holder: an ARP probe (RFC 5227, 2.1.1), to its MAC. It is
 * from the claimed MAC, which the holder's host notes; the sender inside is the adapter's own MAC, where the answer goes.
 */
static __always_inline int send_arp_probe(struct __sk_buff *skb, struct hnv_decision *d, const struct hnv_port *port,
					  const struct hnv_frame *f, struct hnv_arp *arp)
{
	struct hnv_claimant *c = scratch_claimant();

	if (!c)
		return drop(d, HNV_Internal);
	arp->operation = HNV_ARP_REQUEST;
	mac_copy(arp->sender_mac, port->mac);
	arp->sender = 0;
	__builtin_memset(arp->target_mac, 0, 6);
	arp->target = address_to4(&c->key.ca);
	if (bpf_skb_store_bytes(skb, 0, arp, sizeof(*arp), 0))
		return drop(d, HNV_Internal);
	return send_probe(skb, d, port, f);
}

/*
 * ARP from a VM. What policy knows, or was learned, is answered here, with the real MAC of the VM asked for; so unicast requests, by
 * which a neighbour is probed (NUD), reach that very VM. Announcements (gratuitous ARP, probes of an address that nobody holds) are never
 * answered; they are for the subnet's members.
 */
static __noinline int arp_from_vm(struct __sk_buff *skb, struct hnv_decision *d, const struct hnv_port *port, const struct hnv_frame *f)
{
	struct hnv_claimant *c = scratch_claimant();
	struct hnv_record *record;
	struct hnv_addr address;
	struct hnv_arp arp;
	int group = mac_is_group(f->dmac);

	if (!c || bpf_skb_load_bytes(skb, 0, &arp, sizeof(arp)))
		return drop(d, HNV_Malformed);
	if (arp.hardware != bpf_htons(1) || arp.protocol != bpf_htons(ETH_P_IP) || arp.hardware_length != 6 || arp.protocol_length != 4 ||
	    (arp.operation != HNV_ARP_REQUEST && arp.operation != HNV_ARP_REPLY))
		return drop(d, HNV_Malformed);
	if (!mac_equal(arp.sender_mac, f->smac))
		return drop(d, HNV_SourceCaMacMismatch);
	if (arp.sender) {
		address = address4(arp.sender);
		switch (announce(d, port, f, &address, HNV_SOURCE_ARP)) {
		case HNV_CLAIM_REFUSED:
			return drop(d, c->verdict);
		case HNV_CLAIM_PROBE:
			return send_arp_probe(skb, d, port, f, &arp);
		}
	} else if (!mac_equal(f->smac, port->mac)) {
		return drop(d, HNV_SourceCaMacMismatch);
	}

	address = address4(arp.target);
	d->next_hop = address;
	if (arp.operation == HNV_ARP_REPLY && answers_gateway(port, f))
		return end_answer(d);
	if (arp.operation == HNV_ARP_REPLY || arp.sender == arp.target)
		return group ? flood_frame(0) : forward_to_mac(skb, d, port, f);

	/* On a wire a unicast probe is a challenge: those are made here only. A VM's is answered like one that asks everybody. */
	if (!arp.sender && learns(port->vsid))
		group = 1;
	record = find_record(port->vsid, &address);
	if (record)
		d->record = *record;
	if (!group) {
		if (record && record->type == HNV_RECORD_DISTRIBUTED_GATEWAY && mac_equal(record->mac, f->dmac))
			return answer_arp(skb, d, f, &arp, record->mac);
		return forward_to_mac(skb, d, port, f);
	}
	if (!record || record->flags & HNV_RECORD_FLAG_UNUSABLE) {
		if (!record && mac_is_group(f->dmac) && learns(port->vsid))
			return flood_frame(1);
		return drop(d, arp.sender ? HNV_AddressResolutionFailed : HNV_FloodingDisabled);
	}
	if (record->ifindex == f->ifindex)
		return drop(d, HNV_FloodingDisabled);
	return answer_arp(skb, d, f, &arp, record->mac);
}

#endif
