/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * tc ingress of a port: frames from a VM.
 *
 *   who sends?        the port's entry, or the frame ends here: a port's device carries tenants only
 *   what is it?       plain IPv4, IPv6 or ARP
 *   may it?           source guard, by reverse path
 *   ARP, ND           answered from policy, or forwarded to the VM that is asked
 *   services          no DHCP server and no router where the port is guarded against them
 *   DHCP, RS          answered in a subnet with a pool, or that the gateway advertises itself in
 *   VRRP              a router's word on its addresses
 *   group addresses   copied to the members of a subnet that floods
 *   where to?         inside the subnet by record or MAC; otherwise routed in the routing domain
 *   how?              into a port of this host, or encapsulated to another's
 *
 * A source that nobody has: refused, and its sender is asked (port_ask).
 */
#include "include/stages.h"
#include "lib/arp.h"
#include "lib/dhcp_snoop.h"
#include "lib/configuration.h"
#include "lib/flood.h"
#include "lib/gateway.h"
#include "lib/guard_services.h"
#include "lib/move_port.h"
#include "lib/nd.h"
#include "lib/vrrp.h"

char LICENSE[] SEC("license") = "GPL";

/* What the functions below answer for an action when they have said where the frame goes next. */
#define HNV_ACTION_FORWARD 0x200

/* Through the distributed router: longest prefix, next hop, record of the next hop. */
static __always_inline int route(struct __sk_buff *skb, struct hnv_decision *d, const struct hnv_port *port, const struct hnv_frame *f,
				 struct hnv_hop *hop)
{
	struct hnv_route *found = find_route(port->rd, &f->dst);
	struct hnv_record *record;
	struct hnv_subnet *subnet;
	int routed;

	if (!found)
		return drop_and_tell(skb, d, port, f, HNV_VirtualRouteMissing, HNV_ERROR_NO_ROUTE, 0);
	routed = !address_is_zero(&found->next_hop);
	d->next_hop = routed ? found->next_hop : f->dst;
	hop->vsid = found->vsid;
	d->destination_vsid = hop->vsid;
	record = find_record(hop->vsid, &d->next_hop);
	if (!record)
		return drop_and_tell(skb, d, port, f, HNV_DestinationRecordMissing, HNV_ERROR_NO_HOST, 0);
	d->record = *record;
	if (record->flags & HNV_RECORD_FLAG_UNUSABLE)
		return drop_and_tell(skb, d, port, f, HNV_RecordUnusable, HNV_ERROR_NO_HOST, 0);
	if (record->type == HNV_RECORD_DISTRIBUTED_GATEWAY)
		return to_gateway(skb, d, port, f);
	hop_to_record(hop, record);
	if (routed || hop->vsid != port->vsid) {
		if (f->ttl <= 1)
			return drop_and_tell(skb, d, port, f, HNV_TtlExpired, HNV_ERROR_TIME_EXCEEDED, 0);
		subnet = bpf_map_lookup_elem(&subnets, &hop->vsid);
		if (!subnet)
			return drop(d, HNV_PolicyMissing);
		mac_copy(hop->smac, subnet->gateway_mac);
		if (decrement_ttl(skb, f))
			return drop(d, HNV_Internal);
	}
	return HNV_ACTION_FORWARD;
}

static __always_inline int find_hop(struct __sk_buff *skb, struct hnv_decision *d, const struct hnv_port *port, const struct hnv_frame *f,
				    struct hnv_hop *hop)
{
	struct hnv_location *location;
	struct hnv_subnet *subnet = 0;
	struct hnv_record *record = 0;
	__be32 vsid = port->vsid;

	/* What goes to the gateway's MAC is routed, and would have no record here. */
	if (mac_hints_gateway(f->dmac))
		subnet = bpf_map_lookup_elem(&subnets, &vsid);
	if (!subnet || !mac_equal(f->dmac, subnet->gateway_mac) || address_is_link_local6(&f->dst)) {
		/* Most frames go to a neighbour, with its MAC: one lookup says all. */
		record = find_record_inline(vsid, &f->dst);
		if (record && mac_equal(record->mac, f->dmac)) {
			d->next_hop = f->dst;
			d->record = *record;
			if (record->type == HNV_RECORD_DISTRIBUTED_GATEWAY)
				return to_gateway(skb, d, port, f);
			if (record->flags & HNV_RECORD_FLAG_UNUSABLE)
				return drop_and_tell(skb, d, port, f, HNV_RecordUnusable, HNV_ERROR_NO_HOST, 0);
			hop_to_record(hop, record);
			return HNV_ACTION_FORWARD;
		}
		if (!subnet)
			subnet = bpf_map_lookup_elem(&subnets, &vsid);
		if (!subnet)
			return drop(d, HNV_PolicyMissing);
	}
	if (mac_equal(f->dmac, subnet->gateway_mac)) {
		if (f->proto == bpf_htons(ETH_P_IPV6) && address_is_link_local6(&f->dst))
			return drop(d, HNV_DestinationRecordMissing);
		if (bpf_get_prandom_u32() % HNV_ADVERTISE_EVERY == 0)
			advertise_when_due(skb);
		return route(skb, d, port, f, hop);
	}
	/* Here a sender could be told that the address moved (UNREACHABLE, REDIRECT); it is heard without knowing. */
	if (record && follows_address(vsid, record, &f->dst, f->dmac) && !to_dhcp_client(skb, f)) {
		d->next_hop = f->dst;
		d->record = *record;
		hop_to_record(hop, record);
		return HNV_ACTION_FORWARD;
	}
	/* A router VM that the guest chose itself, or a link-local neighbour. */
	location = find_mac(vsid, f->dmac);
	if (!location)
		return drop(d, HNV_DestinationMacMismatch);
	hop->ifindex = location->ifindex;
	hop->pa = location->pa;
	mac_copy(hop->dmac, f->dmac);
	return HNV_ACTION_FORWARD;
}

/* A unicast IP packet whose source was found right. */
static __noinline int unicast(struct __sk_buff *skb, struct hnv_decision *d, const struct hnv_port *port, const struct hnv_frame *f)
{
	struct hnv_hop hop = { .vsid = port->vsid };
	int action;

	mac_copy(hop.smac, f->smac);
	action = find_hop(skb, d, port, f, &hop);
	return action == HNV_ACTION_FORWARD ? forward(skb, d, port, f, &hop) : action;
}

static __always_inline int flood_if_asked(struct __sk_buff *skb, struct hnv_decision *d, const struct hnv_port *port,
					  const struct hnv_frame *f, int action)
{
	if (action != HNV_ACTION_FLOOD && action != HNV_ACTION_FLOOD_LEARNERS)
		return action;
	return flood_copies(skb, d, port, f, action == HNV_ACTION_FLOOD_LEARNERS);
}

static __always_inline int from_vm(struct __sk_buff *skb, struct hnv_decision *d, const struct hnv_port *port)
{
	struct hnv_frame f;
	__u32 verdict;
	__u8 type = 0;
	int group, action;

	/* The kernel moves the outermost tag of a received frame out of its bytes. */
	if (skb->vlan_present)
		return drop(d, HNV_UnsupportedFrameType);
	verdict = parse_frame(skb, 0, &f);
	if (verdict)
		return drop(d, verdict);
	if (f.proto == bpf_htons(ETH_P_RARP))
		return drop(d, HNV_UnsupportedFrameType);
	if (f.proto == bpf_htons(ETH_P_ARP))
		return flood_if_asked(skb, d, port, &f, arp_from_vm(skb, d, port, &f));
	verdict = guard_services(skb, port, &f);
	if (verdict)
		return drop(d, verdict);
	if (is_nd(skb, &f, &type)) {
		action = router_discovery_from_vm(skb, d, port, &f, type);
		if (action == HNV_NOT_ANSWERED)
			action = nd_from_vm(skb, d, port, &f, type);
		return flood_if_asked(skb, d, port, &f, action);
	}
	group = mac_is_group(f.dmac);
	if (address_is_unspecified(&f.src)) {
		/* Before it has an address a VM speaks to groups only: DHCP, MLD. */
		if (!group)
			return drop(d, HNV_SourceRecordMissing);
		verdict = mac_equal(f.smac, port->mac) ? HNV_None : HNV_SourceCaMacMismatch;
	} else {
		verdict = guard_source(port, f.ifindex, &f);
	}
	if (verdict)
		return drop(d, verdict);
	action = group ? configuration_from_vm(skb, d, port, &f) : HNV_NOT_ANSWERED;
	if (action != HNV_NOT_ANSWERED)
		return action;
	if (port->learn_limit)
		snoop_dhcp(skb, d, &f, port->vsid, f.ifindex, f.l4_offset, 1);
	/* A server's word, for whichever port of this host. */
	if (group && learns(port->vsid))
		snoop_dhcp(skb, d, &f, port->vsid, 0, f.l4_offset, 0);
	if (group)
		vrrp_from_vm(skb, d, port, &f);
	/* To which IPv4 addresses the subnet's broadcast belongs, nobody knows here. */
	if (group)
		return f.proto == bpf_htons(ETH_P_IPV6) && !address_is_multicast6(&f.dst) ? drop(d, HNV_Malformed) :
											    flood_copies(skb, d, port, &f, 0);
	if (f.proto == bpf_htons(ETH_P_IP) ? address_is_multicast4(&f.dst) : address_is_multicast6(&f.dst))
		return drop(d, HNV_Malformed);
	action = unicast(skb, d, port, &f);
	snoop_delivered(skb, d, &f, d->destination_vsid, f.l4_offset);
	return action;
}

SEC("tc")
int port_ingress(struct __sk_buff *skb)
{
	__u32 ifindex = skb->ifindex, bytes = skb->len, port_id = 0, mark;
	struct hnv_decision *d = decision_begin(skb);
	struct hnv_port *port;
	int action;

	if (!d)
		return TC_ACT_SHOT;
	port = bpf_map_lookup_elem(&ports, &ifindex);
	if (port) {
		port_id = port->port_id;
		d->source_vsid = port->vsid;
		d->rd = port->rd;
		if (skb->mark) {
			/* Copies: the frame itself was counted. */
			mark = skb->mark;
			if (mark == HNV_MARK_ADVERTISE)
				return advertise(skb, d);
			if (mark == HNV_MARK_ANNOUNCE)
				return announce_move(skb, d, port);
			if ((mark & ~HNV_LISTED_ADDRESS) == HNV_MARK_LISTED)
				return announce_listed(skb, d, mark);
			if (mark == HNV_MARK_ON_BEHALF)
				begin_on_behalf(skb, d);
		}
		action = port->flags & HNV_PORT_PREPARED ? from_prepared_port(skb, d, port) : HNV_ACTION_CONTINUE;
		if (action == HNV_ACTION_CONTINUE)
			action = from_vm(skb, d, port);
	} else {
		action = drop(d, HNV_PortUnbound);
	}
	if (!(d->flags & (HNV_DECISION_TRACED | HNV_DECISION_ON_BEHALF)))
		count(port_id, d->verdict, bytes);
	if (d->verdict == HNV_SourceRecordMissing && port && port->learn_limit && !(d->flags & HNV_DECISION_ON_BEHALF))
		bpf_tail_call(skb, &stages, HNV_STAGE_port_ask);
	return action;
}
