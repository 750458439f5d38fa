/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Stage of port_ingress: ARP and neighbour discovery, from a VM or on its behalf.
 *
 *   claims            learned, refused, or made the question to the holder
 *   requests          answered from policy and from what was learned, or forwarded to the VM that is asked
 *   announcements     copied to the members of a subnet that floods
 *   routers           solicitations answered in a subnet whose gateway advertises itself
 */
#include "lib/arp.h"
#include "lib/nd.h"
#include "lib/router_advertisement.h"
#include "lib/stage.h"

char LICENSE[] SEC("license") = "GPL";

static __always_inline int neighbours(struct __sk_buff *skb, struct hnv_decision *d, const struct hnv_port *port, const struct hnv_frame *f)
{
	__u8 type = 0;
	int action;

	if (f->proto == bpf_htons(ETH_P_ARP)) {
		action = arp_from_vm(skb, d, port, f);
	} else if (is_nd(skb, f, &type)) {
		action = router_discovery_from_vm(skb, d, port, f, type);
		if (action == HNV_NOT_ANSWERED)
			action = nd_from_vm(skb, d, port, f, type);
	} else {
		return drop(d, HNV_Internal);
	}
	if (action != HNV_ACTION_FLOOD && action != HNV_ACTION_FLOOD_LEARNERS)
		return action;
	return flood_copies(skb, d, port, f, action == HNV_ACTION_FLOOD_LEARNERS);
}

SEC("tc")
int port_neighbours(struct __sk_buff *skb)
{
	__u32 ifindex = skb->ifindex, bytes = skb->len;
	struct hnv_decision *d = decision_of_stage();
	struct hnv_port *port = bpf_map_lookup_elem(&ports, &ifindex);
	struct hnv_frame f = {};
	__u32 verdict;

	if (!d || !port)
		return TC_ACT_SHOT;
	verdict = parse_frame(skb, &f);
	return finish_port(skb, d, port, bytes, verdict ? drop(d, verdict) : neighbours(skb, d, port, &f));
}
