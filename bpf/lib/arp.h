/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_ARP_H
#define HNV_ARP_H

#include "flood.h"
#include "forward.h"
#include "source_guard.h"

/* ARP for IPv4 over Ethernet, RFC 826, with the Ethernet header in front. */
struct hnv_arp {
	struct ethhdr eth;
	__be16 hardware, protocol;
	__u8 hardware_length, protocol_length;
	__be16 operation;
	__u8 sender_mac[6];
	__be32 sender;
	__u8 target_mac[6];
	__be32 target;
} __attribute__((packed));
HNV_SIZE(struct hnv_arp, 42);

#define HNV_ARP_REQUEST bpf_htons(1)
#define HNV_ARP_REPLY bpf_htons(2)

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
 * ARP from a VM. What policy knows is answered here, with the real MAC of the VM asked for; so unicast requests, by which a
 * neighbour is probed (NUD), reach that very VM. Announcements (gratuitous ARP, probes of an address that nobody holds) are never
 * answered; they are for the subnet's members, which in a subnet that does not flood is nobody.
 */
static __noinline int arp_from_vm(struct __sk_buff *skb, struct hnv_decision *d, const struct hnv_port *port,
				       const struct hnv_frame *f)
{
	struct hnv_addr sender, target;
	struct hnv_record *record;
	struct hnv_arp arp;
	__u32 verdict;

	if (bpf_skb_load_bytes(skb, 0, &arp, sizeof(arp)))
		return drop(d, HNV_Malformed);
	if (arp.hardware != bpf_htons(1) || arp.protocol != bpf_htons(ETH_P_IP) || arp.hardware_length != 6 || arp.protocol_length != 4 ||
	    (arp.operation != HNV_ARP_REQUEST && arp.operation != HNV_ARP_REPLY))
		return drop(d, HNV_Malformed);
	if (!mac_equal(arp.sender_mac, f->smac))
		return drop(d, HNV_SourceCaMacMismatch);
	sender = address4(arp.sender);
	target = address4(arp.target);
	if (arp.sender) {
		verdict = guard_address(port, f->ifindex, &sender, f->smac);
		if (verdict)
			return drop(d, verdict);
	} else if (!mac_equal(f->smac, port->mac)) {
		return drop(d, HNV_SourceCaMacMismatch);
	}

	d->next_hop = target;
	if (arp.operation == HNV_ARP_REPLY || arp.sender == arp.target)
		return mac_is_group(f->dmac) ? flood_frame(0) : forward_to_mac(skb, d, port, f);

	record = find_record(port->vsid, &target);
	if (record)
		d->record = *record;
	if (!mac_is_group(f->dmac)) {
		if (record && record->type == HNV_RECORD_DISTRIBUTED_GATEWAY && mac_equal(record->mac, f->dmac))
			return answer_arp(skb, d, f, &arp, record->mac);
		return forward_to_mac(skb, d, port, f);
	}
	if (!record || record->flags & HNV_RECORD_FLAG_UNUSABLE)
		return drop(d, arp.sender ? HNV_AddressResolutionFailed : HNV_FloodingDisabled);
	if (record->ifindex == f->ifindex)
		return drop(d, HNV_FloodingDisabled);
	return answer_arp(skb, d, f, &arp, record->mac);
}

#endif
