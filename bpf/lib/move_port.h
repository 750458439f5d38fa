/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_MOVE_PORT_H
#define HNV_MOVE_PORT_H

#include "activate.h"
#include "answer.h"
#include "arp.h"
#include "encap.h"

/*
 * The prepared port of an adapter that moves here. Its first frame, whatever it is, makes the move take effect; hypervisors send a RARP
 * request (RFC 903) for that purpose when the VM begins to run. The host that it left is told by the same RARP, encapsulated: a RARP of the VM
 * is passed on, a copy of any other first frame becomes one.
 */
#define HNV_ACTION_CONTINUE 0x300
#define HNV_RARP_LEN 60 /* the smallest Ethernet frame, without its checksum */

struct hnv_rarp {
	struct hnv_arp arp;
	__u8 padding[HNV_RARP_LEN - sizeof(struct hnv_arp)];
} __attribute__((packed));
HNV_SIZE(struct hnv_rarp, HNV_RARP_LEN);

/* Makes the frame the RARP of the port's adapter, and sends it to the host that this leaves. Returns the action. */
static __noinline int announce_move(struct __sk_buff *skb, struct hnv_decision *d, const struct hnv_port *port)
{
	struct hnv_mac_key key = { .vsid = port->vsid };
	struct hnv_rarp *rarp = answer_begin();
	struct hnv_frame f = { .proto = bpf_htons(ETH_P_RARP) };
	struct hnv_addr from;
	struct hnv_peer *peer;
	struct hnv_move *move;

	mac_copy(key.mac, port->mac);
	move = bpf_map_lookup_elem(&moves, &key);
	if (!rarp || !move || address_is_zero(&move->from))
		return TC_ACT_SHOT;
	from = move->from;
	peer = bpf_map_lookup_elem(&peers, &from);
	if (!peer || resize(skb, HNV_RARP_LEN))
		return TC_ACT_SHOT;
	__builtin_memset(rarp, 0, sizeof(*rarp));
	__builtin_memset(f.dmac, 0xff, 6);
	mac_copy(f.smac, port->mac);
	mac_copy(rarp->arp.eth.h_dest, f.dmac);
	mac_copy(rarp->arp.eth.h_source, f.smac);
	rarp->arp.eth.h_proto = f.proto;
	rarp->arp.hardware = bpf_htons(1);
	rarp->arp.protocol = bpf_htons(ETH_P_IP);
	rarp->arp.hardware_length = 6;
	rarp->arp.protocol_length = 4;
	rarp->arp.operation = bpf_htons(3);
	mac_copy(rarp->arp.sender_mac, port->mac);
	mac_copy(rarp->arp.target_mac, port->mac);
	if (bpf_skb_store_bytes(skb, 0, rarp, sizeof(*rarp), 0))
		return TC_ACT_SHOT;
	return encapsulate(skb, d, &f, key.vsid, port->encapsulation, &from, peer, f.dmac, f.smac);
}

/* A frame from a prepared port. Returns the action when it ends here, HNV_ACTION_CONTINUE when it goes its way like any other. */
static __noinline int from_prepared_port(struct __sk_buff *skb, struct hnv_decision *d, const struct hnv_port *port)
{
	struct hnv_mac_key key = { .vsid = port->vsid };
	struct hnv_addr here = {};
	struct hnv_move *move;
	struct ethhdr eth;
	int heard;

	if (bpf_skb_load_bytes(skb, 0, &eth, sizeof(eth)) || !mac_equal(eth.h_source, port->mac))
		return HNV_ACTION_CONTINUE;
	mac_copy(key.mac, port->mac);
	move = bpf_map_lookup_elem(&moves, &key);
	if (!move || move->to.ifindex != skb->ifindex)
		return HNV_ACTION_CONTINUE;
	heard = find_moved(key.vsid, key.mac) != 0;
	if (!heard && !traced(d))
		activate(&key, &here);
	if (eth.h_proto == bpf_htons(ETH_P_RARP)) {
		int action = traced(d) ? TC_ACT_SHOT : announce_move(skb, d, port);

		d->verdict = HNV_MoveAnnounced;
		return action;
	}
	if (!heard && !traced(d)) {
		skb->mark = HNV_MARK_ANNOUNCE;
		bpf_clone_redirect(skb, skb->ifindex, BPF_F_INGRESS);
		skb->mark = 0;
	}
	return HNV_ACTION_CONTINUE;
}

#endif
