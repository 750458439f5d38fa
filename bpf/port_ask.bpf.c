/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Stage of port_ingress: a frame that was refused, and counted, because nobody has its source (SourceRecordMissing). Data proves nothing,
 * but it raises a question: a VM whose address was configured, and that never needs to ask for a neighbour, says nothing that would be a claim.
 * The frame becomes the question to its own sender, whose answer claims the address like any other:
 *
 *   IPv4   an ARP probe (RFC 5227, 2.1.1)
 *   IPv6   a neighbour solicitation
 *
 * to the sender's MAC, from the gateway's. Asked is only for what the answer could claim: an address inside a prefix of the port's subnet,
 * that neither policy nor anybody has, where the port learns from such an answer.
 */
#include "lib/answer.h"
#include "lib/icmp_error.h"
#include "lib/learn.h"
#include "lib/neighbour_message.h"
#include "lib/stage.h"

char LICENSE[] SEC("license") = "GPL";

/* In tokens of the port's ICMP errors, which the questions leave the half of: ten questions a second at most. */
#define HNV_QUESTION_COST 10
#define HNV_QUESTION_LEAVES (HNV_ERROR_BURST / 2)

static __always_inline int is_in_question(struct hnv_claimant *c, const struct hnv_decision *d, const struct hnv_port *port,
					  const struct hnv_frame *f)
{
	__u32 epoch;
	void *map;

	if (!mac_equal(f->smac, port->mac))
		return 0;
	claimant_of_port(c, d, port, f->ifindex, f->smac, f->proto == bpf_htons(ETH_P_IP) ? HNV_SOURCE_ARP : HNV_SOURCE_ND);
	c->key.ca = f->src;
	if (!(c->flags & HNV_CLAIM_MAY_TAKE))
		return 0;
	map = claim_begin(c, &epoch);
	return map && !bpf_map_lookup_elem(map, &c->key);
}

static __always_inline int make_arp_question(struct __sk_buff *skb, const struct hnv_frame *f, const __u8 *gateway)
{
	struct hnv_arp arp = {};

	arp_begin(&arp, bpf_htons(ETH_P_ARP), HNV_ARP_REQUEST, f->smac, gateway);
	arp.target = address_to4(&f->src);
	return resize(skb, sizeof(arp)) || bpf_skb_store_bytes(skb, 0, &arp, sizeof(arp), 0);
}

static __always_inline int make_nd_question(struct __sk_buff *skb, const struct hnv_frame *f, const __u8 *gateway)
{
	const __u32 length = sizeof(struct hnv_nd) + HNV_ND_OPTION_LEN;
	struct hnv_nd_message ns = {};

	mac_copy(ns.eth.h_dest, f->smac);
	mac_copy(ns.eth.h_source, gateway);
	nd_begin(&ns, HNV_ND_NEIGHBOUR_SOLICITATION, &f->src, length);
	write_link_local(ns.ip.saddr.in6_u.u6_addr8, gateway);
	__builtin_memcpy(&ns.ip.daddr, &f->src, 16);
	nd_link_layer_option(&ns, HNV_ND_OPTION_SOURCE, gateway);
	nd_checksum(&ns, length);
	return resize(skb, sizeof(ns)) || bpf_skb_store_bytes(skb, 0, &ns, sizeof(ns), 0);
}

SEC("tc")
int port_ask(struct __sk_buff *skb)
{
	__u32 ifindex = skb->ifindex;
	struct hnv_decision *d = decision_of_stage();
	struct hnv_port *port = bpf_map_lookup_elem(&ports, &ifindex);
	struct hnv_claimant *c = scratch_claimant();
	struct hnv_subnet *subnet;
	struct hnv_frame f = {};
	__u8 gateway[6];
	__be32 vsid;

	if (!d || !port || !c || parse_frame(skb, &f) || (f.proto != bpf_htons(ETH_P_IP) && f.proto != bpf_htons(ETH_P_IPV6)) ||
	    !is_in_question(c, d, port, &f))
		return TC_ACT_SHOT;
	vsid = port->vsid;
	subnet = bpf_map_lookup_elem(&subnets, &vsid);
	if (!subnet || (!traced(d) && !take_tokens(port->port_id, HNV_QUESTION_COST, HNV_QUESTION_LEAVES)))
		return TC_ACT_SHOT;
	mac_copy(gateway, subnet->gateway_mac);
	if (f.proto == bpf_htons(ETH_P_IP) ? make_arp_question(skb, &f, gateway) : make_nd_question(skb, &f, gateway))
		return TC_ACT_SHOT;
	return reply(skb, &f);
}
