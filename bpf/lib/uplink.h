/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_UPLINK_H
#define HNV_UPLINK_H

#include "decap.h"
#include "dhcp_snoop.h"
#include "flood_wire.h"
#include "learn_wire.h"
#include "lookup.h"
#include "redirect.h"
#include "wire_guard.h"

/*
 * Frames from the provider network, in the form that this object reads (form.h): what uplink_ingress.bpf.c says of them.
 */
#define HNV_NOT_OURS TC_ACT_UNSPEC /* other filters of the uplink have their say */

/* The place of the destination: by its record, or by its MAC (router VMs, link-local addresses, ARP). A learned address has its holder's. */
static __noinline __u32 find_destination(struct __sk_buff *skb, struct hnv_decision *d, __be32 vsid, struct hnv_frame *f,
					      struct hnv_location *to)
{
	struct hnv_location *location;
	struct hnv_record *record = 0;

	if (f->proto != bpf_htons(ETH_P_ARP)) {
		record = find_record(vsid, &f->dst);
		d->next_hop = f->dst;
		if (record) {
			d->record = *record;
			if (mac_equal(record->mac, f->dmac)) {
				to->ifindex = record->ifindex;
				to->pa = record->pa;
				return record->flags & HNV_RECORD_FLAG_UNUSABLE ? HNV_RecordUnusable : HNV_None;
			}
			if (follows_address(vsid, record, &f->dst, f->dmac) && !to_dhcp_client(skb, f)) {
				to->ifindex = record->ifindex;
				to->pa = record->pa;
				mac_copy(f->dmac, record->mac);
				return HNV_None;
			}
		}
	}
	location = find_mac(vsid, f->dmac);
	if (!location)
		return record ? HNV_DestinationMacMismatch : HNV_DestinationCaPaMismatch;
	*to = *location;
	return HNV_None;
}

/*
 * From a VM at that peer to a VM of this host in the same subnet: what most packets are, and their two records say all. Everything
 * else is looked into step by step, and told apart. A record is never without its subnet, which comes first and goes last.
 */
static __always_inline __u32 find_neighbour(struct hnv_decision *d, __be32 vsid, const struct hnv_frame *f, const struct hnv_addr *pa)
{
	struct hnv_record *source, *destination;

	if (f->proto == bpf_htons(ETH_P_ARP) || mac_is_group(f->dmac) || mac_hints_gateway(f->smac))
		return 0;
	source = find_record_inline(vsid, &f->src);
	if (!source || !address_equal(&source->pa, pa) || !mac_equal(source->mac, f->smac))
		return 0;
	destination = find_record_inline(vsid, &f->dst);
	if (!destination || !mac_equal(destination->mac, f->dmac) || destination->flags & HNV_RECORD_FLAG_UNUSABLE)
		return 0;
	d->next_hop = f->dst;
	d->record = *destination;
	return destination->ifindex;
}

/* An encapsulated frame to us. */
static __always_inline int from_wire(struct __sk_buff *skb, struct hnv_decision *d, const struct hnv_outer *outer, const struct hnv_peer *peer)
{
	const struct hnv_addr *pa = &outer->remote;
	struct hnv_location to = {};
	struct hnv_subnet *subnet;
	struct hnv_frame f = {};
	__u32 verdict, learning;
	__be32 vsid = vsid_of(outer->key);
	int group, action;
	__u8 nd = 0;

	d->source_vsid = vsid;
	d->destination_vsid = vsid;
	d->gre_key = outer->key;
	if (!peer)
		return drop(d, HNV_UnknownPeer);
	verdict = parse_inner(skb, &f);
	/* What went to a group of the provider network reaches many hosts, and is for many. */
	if (!verdict && !is_provider_group(&outer->local))
		to.ifindex = find_neighbour(d, vsid, &f, pa);
	if (!to.ifindex) {
		subnet = bpf_map_lookup_elem(&subnets, &vsid);
		if (!subnet)
			return verdict ? drop(d, HNV_PolicyMissing) : drop_and_tell_peer(skb, d, &f, pa);
		d->rd = subnet->rd;
		if (subnet->encapsulation != HNV_FORM_ENCAPSULATION)
			return drop(d, HNV_EncapsulationMismatch);
		if (verdict)
			return drop(d, verdict);
		if (f.proto == bpf_htons(ETH_P_RARP))
			return drop(d, any_moves() && appeared_at(vsid, f.smac, pa) ? HNV_MoveAnnounced : HNV_UnsupportedFrameType);
		if (is_nve_message(&f, vsid, pa))
			return take_nve_message(skb, d, &f, vsid, pa);
		group = mac_is_group(f.dmac);
		if (group && !(subnet->flags & HNV_SUBNET_FLOODS))
			return drop(d, HNV_FloodingDisabled);
		if (is_provider_group(&outer->local) && (!group || !address_equal(&subnet->group, &outer->local)))
			return drop(d, HNV_DestinationCaPaMismatch);
		learning = subnet->flags & HNV_SUBNET_LEARNS && (f.proto == bpf_htons(ETH_P_ARP) || is_nd(skb, &f, &nd));
		verdict = guard_wire_source(vsid, subnet, &f, pa, learning);
		if (verdict)
			return drop(d, verdict);
		if (learning) {
			verdict = learn_from_wire(skb, d, &f, pa, &to);
			if (verdict)
				return drop(d, verdict);
		}
		if (group && subnet->flags & HNV_SUBNET_LEARNS)
			snoop_dhcp(skb, d, &f, vsid, 0, f.l4_offset, 0);
		if (group)
			return flood_from_wire(skb, d, &f, vsid, outer->tos);
		if (!to.ifindex && address_is_zero(&to.pa)) {
			verdict = find_destination(skb, d, vsid, &f, &to);
			if (verdict)
				return drop(d, verdict);
			/* Who sends it here takes the adapter for moved, and may be ahead of us. */
			if (!to.ifindex && any_moves())
				to.ifindex = prepared_port(vsid, f.dmac);
		}
	}
	if (to.ifindex) {
		action = decapsulate(skb, d, &f, to.ifindex, outer->tos);
		snoop_delivered(skb, d, &f, vsid, f.l4_offset - HNV_INNER);
		return action;
	}
	/* Never back to where it came from. */
	if (address_is_zero(&to.pa) || address_equal(&to.pa, pa))
		return drop(d, HNV_DestinationCaPaMismatch);
	redirect_when_due(skb, d, &f, vsid, pa);
	return hairpin(skb, d, &to.pa);
}

/* What the headers behind the IP header are found to be. */
#define HNV_READ_NOT_OURS 0xff

/* Reads what stands between the outer IPv4 header and the tenant's frame. `peer`: policy names the sender. Returns HNV_None, HNV_READ_NOT_OURS or the verdict. */
static __always_inline __u32 read_tunnel4(struct __sk_buff *skb, const struct iphdr *ip, int peer, struct hnv_outer *outer)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct hnv_vxlan *vxlan = data + HNV_TUNNEL_OFFSET;
	struct hnv_nvgre *nvgre = data + HNV_TUNNEL_OFFSET;
	__u32 bytes = skb->len;
	__be16 gre[2];

	/* A later fragment does not say what it is; a peer's is taken for ours. */
	if (ip->frag_off & bpf_htons(0x3fff))
		return peer ? HNV_Fragmented : HNV_READ_NOT_OURS;
	if (HNV_FORM_ENCAPSULATION == HNV_ENCAP_NVGRE) {
		if (ip->ihl == 5 && data + HNV_INNER <= end) {
			gre[0] = nvgre->flags;
			gre[1] = nvgre->proto;
			outer->key = nvgre->key;
		} else if (bpf_skb_load_bytes(skb, HNV_ETH_LEN + ip->ihl * 4, gre, 4)) {
			return peer ? HNV_Malformed : HNV_READ_NOT_OURS;
		}
		if (gre[1] != HNV_NVGRE_PROTO)
			return HNV_READ_NOT_OURS;
		/* Ethernet in GRE of another kind: the host may have such a tunnel of its own, but not to a peer. */
		if (gre[0] != HNV_NVGRE_FLAGS)
			return peer ? HNV_Malformed : HNV_READ_NOT_OURS;
	} else {
		if (data + HNV_INNER > end || vxlan_is_malformed(vxlan, bpf_ntohs(ip->tot_len) - HNV_IP4_LEN, skb->gso_size != 0))
			return HNV_Malformed;
		outer->key = vxlan->key;
	}
	return bytes < HNV_INNER + HNV_ETH_LEN || outer4_is_malformed(ip, bytes, HNV_INNER) ? HNV_Malformed : HNV_None;
}

/* The same behind IPv6. */
static __always_inline __u32 read_tunnel6(struct __sk_buff *skb, const struct ipv6hdr *ip, int peer, struct hnv_outer *outer)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct hnv_vxlan *vxlan = data + HNV_TUNNEL_OFFSET;
	struct hnv_nvgre *nvgre = data + HNV_TUNNEL_OFFSET;
	__u32 bytes = skb->len, offset = HNV_TUNNEL_OFFSET;
	int fragment = 0;
	__be16 word = 0;
	__u8 next;

	if (HNV_FORM_ENCAPSULATION == HNV_ENCAP_NVGRE && ip->nexthdr != HNV_IPPROTO_GRE) {
		/* Extension headers: nobody puts any in front of what is ours. */
		next = outer6_skip_extensions(skb, ip->nexthdr, &offset, &fragment);
		if (next == HNV_IPPROTO_GRE ? fragment != 2 && (bpf_skb_load_bytes(skb, offset + 2, &word, 2) || word != HNV_NVGRE_PROTO) :
		    next != HNV_IPPROTO_UDP || fragment == 2 || bpf_skb_load_bytes(skb, offset + 2, &word, 2) || !word || word != vxlan_port() || vxlan_port_is_shared())
			return HNV_READ_NOT_OURS;
		return !peer ? HNV_READ_NOT_OURS : fragment ? HNV_Fragmented : HNV_Malformed;
	}
	if (data + HNV_INNER > end)
		return peer || HNV_FORM_ENCAPSULATION != HNV_ENCAP_NVGRE ? HNV_Malformed : HNV_READ_NOT_OURS;
	if (HNV_FORM_ENCAPSULATION == HNV_ENCAP_NVGRE) {
		if (nvgre->proto != HNV_NVGRE_PROTO)
			return HNV_READ_NOT_OURS;
		if (nvgre->flags != HNV_NVGRE_FLAGS)
			return peer ? HNV_Malformed : HNV_READ_NOT_OURS;
		outer->key = nvgre->key;
	} else {
		if (vxlan_is_malformed(vxlan, bpf_ntohs(ip->payload_len), skb->gso_size != 0))
			return HNV_Malformed;
		outer->key = vxlan->key;
	}
	return bytes < HNV_INNER + HNV_ETH_LEN || outer6_is_malformed(ip, bytes, HNV_INNER, skb->gso_size != 0) ? HNV_Malformed : HNV_None;
}

/* Whether the frame is for the other tunnel at the port of VXLAN. What of ours is wrong goes there, too, where its VNI is nobody's. */
static __always_inline int is_of_other_tunnel(__u32 verdict, const struct hnv_peer *peer, __be32 key)
{
	struct hnv_subnet *subnet;
	__be32 vsid = vsid_of(key);

	if (HNV_FORM_ENCAPSULATION != HNV_ENCAP_VXLAN || !vxlan_port_is_shared())
		return 0;
	if (verdict || !peer)
		return 1;
	subnet = bpf_map_lookup_elem(&subnets, &vsid);
	return !subnet || subnet->encapsulation != HNV_ENCAP_VXLAN;
}

/* A frame that may be of this object's form: its IP header was seen to be right so far, and what follows it to be GRE, or UDP to our port. */
static __always_inline int from_uplink(struct __sk_buff *skb)
{
	__u32 bytes = skb->len, mark = skb->mark, verdict;
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct hnv_outer outer;
	struct hnv_decision *d;
	struct hnv_peer *peer;
	union {
		struct iphdr v4;
		struct ipv6hdr v6;
	} ip;
	int action;

	if (data + HNV_TUNNEL_OFFSET > end)
		return HNV_NOT_OURS;
	if (HNV_FORM_FAMILY == 6) {
		__builtin_memcpy(&ip.v6, data + HNV_ETH_LEN, sizeof(ip.v6));
		__builtin_memcpy(&outer.local, &ip.v6.daddr, 16);
		__builtin_memcpy(&outer.remote, &ip.v6.saddr, 16);
		outer.tos = outer6_tos(&ip.v6);
	} else {
		ip.v4 = *(struct iphdr *)(data + HNV_ETH_LEN);
		outer.local = address4(ip.v4.daddr);
		outer.remote = address4(ip.v4.saddr);
		outer.tos = ip.v4.tos;
	}
	if (HNV_FORM_HAS_MESSAGES && mark == HNV_MARK_REDIRECT)
		return redirect_sender(skb);
	if (mark == HNV_MARK_ENCAPSULATED || (mark & HNV_MARK_FLOODING_MASK) == HNV_MARK_FLOODING) {
		/* Our own, on its way out (encap.h, flood.h). A frame from a wire has no mark, and never our address. */
		if (!bpf_map_lookup_elem(&local_pas, &outer.remote))
			return TC_ACT_SHOT;
		if (mark != HNV_MARK_ENCAPSULATED)
			return flood_to_members(skb, mark);
		skb->mark = 0;
		return send_encapsulated(skb->ifindex, &outer.local);
	}
	peer = bpf_map_lookup_elem(&peers, &outer.remote);
	/* The address that we write from to a peer is ours; another one has to be asked for, and so has a group that our subnets flood to. */
	if ((!peer || !address_equal(&peer->local, &outer.local)) &&
	    !(is_provider_group(&outer.local) ? bpf_map_lookup_elem(&peers, &outer.local) : bpf_map_lookup_elem(&local_pas, &outer.local)))
		return HNV_NOT_OURS;
	d = decision_begin(skb);
	if (!d)
		return TC_ACT_SHOT;
	d->pa = outer.remote;
	outer.key = 0;
	verdict = HNV_FORM_FAMILY == 6 ? read_tunnel6(skb, &ip.v6, peer != 0, &outer) : read_tunnel4(skb, &ip.v4, peer != 0, &outer);
	if (verdict == HNV_READ_NOT_OURS || is_of_other_tunnel(verdict, peer, outer.key))
		return HNV_NOT_OURS;
	/* A priority tag was for the provider network; no VM may get it. */
	if (!verdict && skb->vlan_present && bpf_skb_vlan_pop(skb))
		verdict = HNV_Internal;
	action = verdict ? drop(d, verdict) : from_wire(skb, d, &outer, peer);
	if (!traced(d))
		count(0, d->verdict, bytes);
	return action;
}

/* A stage of uplink_ingress: the programs of all forms but the common one. */
static __always_inline int stage_of_uplink(struct __sk_buff *skb)
{
	return make_linear(skb, HNV_INNER + HNV_ETH_LEN + HNV_IP6_LEN) ? HNV_NOT_OURS : from_uplink(skb);
}

#endif
