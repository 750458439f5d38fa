/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Stage of port_ingress: tells the host that an adapter left that it moved here, by its RARP, encapsulated (lib/move_port.h).
 *
 *   RARP of the VM            is passed on
 *   copy, mark ANNOUNCE       of any other first frame of the VM: becomes one
 */
#include "lib/answer.h"
#include "lib/encap.h"
#include "lib/move.h"
#include "lib/neighbour_message.h"
#include "lib/stage.h"

char LICENSE[] SEC("license") = "GPL";

#define HNV_RARP_LEN 60 /* the smallest Ethernet frame, without its checksum */

struct hnv_rarp {
	struct hnv_arp arp;
	__u8 padding[HNV_RARP_LEN - sizeof(struct hnv_arp)];
} __attribute__((packed));
HNV_SIZE(struct hnv_rarp, HNV_RARP_LEN);

/* Makes the frame the RARP of the port's adapter, and sends it to the host that this leaves. Returns the action. */
static __always_inline int announce_move(struct __sk_buff *skb, struct hnv_decision *d, const struct hnv_port *port)
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
	arp_begin(&rarp->arp, f.proto, bpf_htons(3), f.dmac, f.smac);
	mac_copy(rarp->arp.target_mac, port->mac);
	if (bpf_skb_store_bytes(skb, 0, rarp, sizeof(*rarp), 0))
		return TC_ACT_SHOT;
	return encapsulate(skb, d, &f, key.vsid, port->encapsulation, &from, peer, f.dmac, f.smac);
}

SEC("tc")
int port_moved(struct __sk_buff *skb)
{
	__u32 ifindex = skb->ifindex, bytes = skb->len;
	struct hnv_decision *d = decision_of_stage();
	struct hnv_port *port = bpf_map_lookup_elem(&ports, &ifindex);
	int action = TC_ACT_SHOT, copy = skb->mark == HNV_MARK_ANNOUNCE;

	if (!d || !port)
		return TC_ACT_SHOT;
	if (!traced(d))
		action = announce_move(skb, d, port);
	if (copy)
		return action;
	d->verdict = HNV_MoveAnnounced;
	return finish_port(skb, d, port, bytes, action);
}
