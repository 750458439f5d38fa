/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_MOVE_PORT_H
#define HNV_MOVE_PORT_H

#include "activate.h"
#include "parse.h"
#include "stage.h"

/*
 * The prepared port of an adapter that moves here. Its first frame, whatever it is, makes the move take effect; hypervisors send a RARP
 * request (RFC 903) for that purpose when the VM begins to run. The host that it left is told by the same RARP, encapsulated: a RARP of the VM
 * is passed on, a copy of any other first frame becomes one (stage port_moved).
 */
#define HNV_ACTION_CONTINUE 0x300

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
	if (eth.h_proto == bpf_htons(ETH_P_RARP))
		return to_stage(HNV_STAGE_port_moved);
	if (!heard && !traced(d)) {
		skb->mark = HNV_MARK_ANNOUNCE;
		bpf_clone_redirect(skb, skb->ifindex, BPF_F_INGRESS);
		skb->mark = 0;
	}
	return HNV_ACTION_CONTINUE;
}

#endif
