/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Stage of port_ingress: IP to group addresses.
 *
 *   may it?           source guard; the unspecified address may be used by the port's MAC
 *   DHCP              answered in a subnet with a pool; otherwise a tenant's server's word is heard
 *   VRRP              a router's word on its addresses
 *   where to?         copied to the members of a subnet that floods
 */
#include "lib/configuration.h"
#include "lib/dhcp_snoop.h"
#include "lib/flood.h"
#include "lib/source_guard.h"
#include "lib/stage.h"
#include "lib/vrrp.h"

char LICENSE[] SEC("license") = "GPL";

static __always_inline int to_group(struct __sk_buff *skb, struct hnv_decision *d, const struct hnv_port *port, const struct hnv_frame *f)
{
	__u32 verdict;
	int action;

	if (!address_is_unspecified(&f->src))
		verdict = guard_source(port, f->ifindex, f);
	else
		verdict = mac_equal(f->smac, port->mac) ? HNV_None : HNV_SourceCaMacMismatch;
	if (verdict)
		return drop(d, verdict);
	action = configuration_from_vm(skb, d, port, f);
	if (action != HNV_NOT_ANSWERED)
		return action;
	if (port->learn_limit)
		snoop_dhcp(skb, d, f, port->vsid, f->ifindex, f->l4_offset, 1);
	/* A server's word, for whichever port of this host. */
	if (learns(port->vsid))
		snoop_dhcp(skb, d, f, port->vsid, 0, f->l4_offset, 0);
	vrrp_from_vm(skb, d, port, f);
	/* To which IPv4 addresses the subnet's broadcast belongs, nobody knows here. */
	if (f->proto == bpf_htons(ETH_P_IPV6) && !address_is_multicast6(&f->dst))
		return drop(d, HNV_Malformed);
	return flood_copies(skb, d, port, f, 0);
}

SEC("tc")
int port_groups(struct __sk_buff *skb)
{
	__u32 ifindex = skb->ifindex, bytes = skb->len;
	struct hnv_decision *d = decision_of_stage();
	struct hnv_port *port = bpf_map_lookup_elem(&ports, &ifindex);
	struct hnv_frame f = {};
	__u32 verdict;

	if (!d || !port)
		return TC_ACT_SHOT;
	verdict = parse_frame(skb, &f);
	return finish_port(skb, d, port, bytes, verdict ? drop(d, verdict) : to_group(skb, d, port, &f));
}
