/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * tc ingress of a port: frames from a VM.
 *
 *   who sends?        the port's entry, or the frame ends here: a port's device carries tenants only
 *   what is it?       plain IPv4, IPv6 or ARP
 *   services          no DHCP server and no router where the port is guarded against them
 *   ARP, ND           stage port_neighbours
 *   group addresses   stage port_groups: DHCP, VRRP, copies to the members of a subnet that floods
 *   may it?           source guard, by reverse path; a sender whose address nobody has is asked: stage port_ask
 *   where to?         inside the subnet by record or MAC; otherwise routed in the routing domain
 *   how?              into a port of this host, or encapsulated to another's
 *   to the gateway    stage port_gateway; it also tells senders of frames that went nowhere
 *
 * Copies that these programs sent into the ingress themselves have a mark: stages port_copies, port_moved.
 */
#include "lib/dhcp_snoop.h"
#include "lib/forward.h"
#include "lib/guard_services.h"
#include "lib/mark.h"
#include "lib/move_port.h"
#include "lib/neighbour.h"
#include "lib/router_advertisement.h"
#include "lib/source_guard.h"

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
		return leave_to_gateway(skb, d, HNV_VirtualRouteMissing, 0);
	routed = !address_is_zero(&found->next_hop);
	d->next_hop = routed ? found->next_hop : f->dst;
	hop->vsid = found->vsid;
	d->destination_vsid = hop->vsid;
	record = find_record(hop->vsid, &d->next_hop);
	if (!record)
		return leave_to_gateway(skb, d, HNV_DestinationRecordMissing, 0);
	d->record = *record;
	if (record->flags & HNV_RECORD_FLAG_UNUSABLE)
		return leave_to_gateway(skb, d, HNV_RecordUnusable, 0);
	if (record->type == HNV_RECORD_DISTRIBUTED_GATEWAY)
		return leave_to_gateway(skb, d, HNV_GatewayServiceMissing, 0);
	hop_to_record(hop, record);
	if (routed || hop->vsid != port->vsid) {
		if (f->ttl <= 1)
			return leave_to_gateway(skb, d, HNV_TtlExpired, 0);
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
				return leave_to_gateway(skb, d, HNV_GatewayServiceMissing, 0);
			if (record->flags & HNV_RECORD_FLAG_UNUSABLE)
				return leave_to_gateway(skb, d, HNV_RecordUnusable, 0);
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

static __always_inline int from_vm(struct __sk_buff *skb, struct hnv_decision *d, const struct hnv_port *port)
{
	struct hnv_frame f = {};
	__u32 verdict;
	__u8 type = 0;
	int action;

	/* The kernel moves the outermost tag of a received frame out of its bytes. */
	if (skb->vlan_present)
		return drop(d, HNV_UnsupportedFrameType);
	verdict = parse_frame(skb, &f);
	if (verdict)
		return drop(d, verdict);
	if (f.proto == bpf_htons(ETH_P_RARP))
		return drop(d, HNV_UnsupportedFrameType);
	if (f.proto == bpf_htons(ETH_P_ARP))
		return to_stage(HNV_STAGE_port_neighbours);
	verdict = guard_services(skb, port, &f);
	if (verdict)
		return drop(d, verdict);
	if (is_nd(skb, &f, &type))
		return to_stage(HNV_STAGE_port_neighbours);
	if (mac_is_group(f.dmac))
		return to_stage(HNV_STAGE_port_groups);
	/* Before it has an address a VM speaks to groups only: DHCP, MLD. */
	verdict = address_is_unspecified(&f.src) ? HNV_SourceRecordMissing : guard_source(port, f.ifindex, &f);
	if (verdict)
		return drop(d, verdict);
	if (port->learn_limit)
		snoop_dhcp(skb, d, &f, port->vsid, f.ifindex, f.l4_offset, 1);
	if (f.proto == bpf_htons(ETH_P_IP) ? address_is_multicast4(&f.dst) : address_is_multicast6(&f.dst))
		return drop(d, HNV_Malformed);
	action = unicast(skb, d, port, &f);
	snoop_delivered(skb, d, &f, d->destination_vsid, f.l4_offset);
	return action;
}

/* A copy: the frame that it is of was counted. Returns the action; HNV_ACTION_CONTINUE for what goes the way of all frames. */
static __always_inline int from_these_programs(struct __sk_buff *skb, struct hnv_decision *d)
{
	__u32 mark = skb->mark;

	if (mark == HNV_MARK_ANNOUNCE)
		return to_stage(HNV_STAGE_port_moved);
	if (mark == HNV_MARK_ADVERTISE || (mark & ~HNV_LISTED_ADDRESS) == HNV_MARK_LISTED)
		return to_stage(HNV_STAGE_port_copies);
	if (mark == HNV_MARK_ON_BEHALF) {
		/* In the decision, for the verifier would follow a variable through the whole program. */
		set_mark(skb, 0);
		d->flags |= HNV_DECISION_ON_BEHALF;
	}
	return HNV_ACTION_CONTINUE;
}

SEC("tc")
int port_ingress(struct __sk_buff *skb)
{
	__u32 ifindex = skb->ifindex, bytes = skb->len;
	struct hnv_decision *d = decision_begin(skb);
	struct hnv_port *port;
	int action = HNV_ACTION_CONTINUE;

	if (!d)
		return TC_ACT_SHOT;
	port = bpf_map_lookup_elem(&ports, &ifindex);
	if (port) {
		d->source_vsid = port->vsid;
		d->rd = port->rd;
		if (skb->mark)
			action = from_these_programs(skb, d);
		if (action == HNV_ACTION_CONTINUE && port->flags & HNV_PORT_PREPARED)
			action = from_prepared_port(skb, d, port);
		if (action == HNV_ACTION_CONTINUE)
			action = from_vm(skb, d, port);
	} else {
		action = drop(d, HNV_PortUnbound);
	}
	return finish_port(skb, d, port, bytes, action);
}
