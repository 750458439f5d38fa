/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_DELIVER_H
#define HNV_DELIVER_H

#include "checksum.h"
#include "decide.h"
#include "form.h"
#include "normalise.h"
#include "parse.h"

/* Writes both MACs of the frame at the front of the skb. */
static __always_inline int write_macs(struct __sk_buff *skb, const __u8 *dmac, const __u8 *smac, __be16 proto)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct ethhdr *eth = data;

	if ((void *)(eth + 1) > end)
		return -1;
	mac_copy(eth->h_dest, dmac);
	mac_copy(eth->h_source, smac);
	eth->h_proto = proto;
	return 0;
}

/* A function of its own: clang would merge the addresses of context fields, which the verifier refuses. */
static __noinline int redirect_marked(struct __sk_buff *skb, __u32 ifindex, __u32 mark, __u32 flags)
{
	skb->mark = mark;
	return bpf_redirect(ifindex, flags);
}

/* Sends the frame back into the port it came from: answers and ICMP errors. */
static __always_inline int reply(struct __sk_buff *skb, const struct hnv_frame *f)
{
	return redirect_marked(skb, f->ifindex, HNV_MARK_DELIVER, 0);
}

/* The port that a frame was sent to through the normaliser; 0, and a count, when it is nothing that these programs sent there. */
static __always_inline struct hnv_port *normalised_port(struct __sk_buff *skb, const struct ethhdr *eth, __u32 *ifindex)
{
	struct hnv_port *port;

	if (skb->mark != HNV_MARK_DELIVER || eth->h_dest[0] != HNV_NORMALISER_OUI_0 || eth->h_dest[1] != HNV_NORMALISER_OUI_1) {
		count(0, HNV_HostStackFrame, skb->len);
		return 0;
	}
	*ifindex = eth->h_dest[2] << 24 | eth->h_dest[3] << 16 | eth->h_dest[4] << 8 | eth->h_dest[5];
	port = bpf_map_lookup_elem(&ports, ifindex);
	if (!port)
		count(0, HNV_PortUnbound, skb->len);
	return port;
}

/*
 * Whether the tunnel state that bpf_skb_adjust_room leaves on a frame would do harm behind the port. A tap's driver answers it with segmentation
 * in software; all TCP goes the same way then, so that its order stays. Behind a veth the VM's kernel would cut datagrams in one piece
 * (UDP_SEGMENT) as those of a UDP tunnel, and drop them.
 */
static __always_inline int must_lose_tunnel_state(const struct __sk_buff *skb, const struct hnv_port *port, const struct hnv_frame *f)
{
	if (port->flags & HNV_PORT_NORMALISE)
		return f->l4 == HNV_IPPROTO_TCP || skb->gso_size;
	return HNV_FORM_ENCAPSULATION == HNV_ENCAP_VXLAN && f->l4 == HNV_IPPROTO_UDP && skb->gso_size;
}

/*
 * Hands a finished frame (MACs written) to the VM behind a port of this host.
 *
 *   tunnel state does harm   through the normaliser, where the super-packet loses it. Where it comes out the port is found by the destination
 *                            MAC, which also keeps GRO from merging what belongs to different ports.
 *   veth, protocol right     straight into the VM's namespace (bpf_redirect_peer)
 *   veth, tap                through the device, which determines the protocol anew
 */
static __always_inline int deliver(struct __sk_buff *skb, struct hnv_decision *d, __be32 vsid, __u32 ifindex,
				   const struct hnv_frame *f, const __u8 *dmac, const __u8 *smac, int decapsulated, int protocol_right)
{
	struct hnv_port *port = bpf_map_lookup_elem(&ports, &ifindex);

	/* The record is policy's word, the port what is bound in truth: a frame goes where both agree. */
	if (!port || port->vsid != vsid)
		return drop(d, HNV_PortUnbound);
	if (decapsulated && port->encapsulation != HNV_FORM_ENCAPSULATION)
		return drop(d, HNV_EncapsulationMismatch);
	d->ifindex = ifindex;
	d->rd = port->rd;
	count_to_vm(d, port->port_id, skb->len);
	if (port->learn_limit)
		d->flags |= HNV_DECISION_TO_LEARNER;
	if (decapsulated && must_lose_tunnel_state(skb, port, f) && mac_equal(dmac, port->mac)) {
		__u32 zero = 0;
		struct hnv_config *c = bpf_map_lookup_elem(&config, &zero);

		if (c && c->normaliser_in) {
			__u8 marked[6] = { HNV_NORMALISER_OUI_0, HNV_NORMALISER_OUI_1, ifindex >> 24, ifindex >> 16, ifindex >> 8,
					   ifindex };

			if (!(c->flags & HNV_CONFIG_UNWRAP) && port->flags & HNV_PORT_NORMALISE) {
				if (write_macs(skb, marked, smac, f->proto))
					return drop(d, HNV_Internal);
				return redirect_marked(skb, c->normaliser_in, HNV_MARK_DELIVER, 0);
			}
			if (c->flags & HNV_CONFIG_UNWRAP && can_wrap(skb)) {
				if (wrap(skb, f->proto, marked, smac))
					return drop(d, HNV_Internal);
				return redirect_marked(skb, c->normaliser_in, HNV_MARK_DELIVER, BPF_F_INGRESS);
			}
		}
	}
	if (port->flags & HNV_PORT_PEER && protocol_right) {
		if (write_macs(skb, dmac, smac, f->proto))
			return drop(d, HNV_Internal);
		/* The host's end of the pair judged the type by its own MAC. */
		if (skb->pkt_type != HNV_PACKET_HOST)
			bpf_skb_change_type(skb, HNV_PACKET_HOST);
		return bpf_redirect_peer(ifindex, 0);
	}
	if (write_macs(skb, dmac, smac, f->proto))
		return drop(d, HNV_Internal);
	return redirect_marked(skb, ifindex, HNV_MARK_DELIVER, 0);
}

#endif
