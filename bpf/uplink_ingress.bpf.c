/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * tc ingress of an uplink: frames from the provider network.
 *
 *   ours?             IPv4, GRE with the NVGRE protocol, to one of our provider addresses; everything else is the host's
 *   well formed?      flags exactly K, whole packet, right checksum
 *   from whom?        a peer that policy names
 *   for whom?         a virtual subnet that is present here
 *   may it?           the source lives at that peer, by reverse path
 *   where to?         a port of this host; or on to the host where the destination lives now
 *
 *   learned?          what members of a learning subnet announce
 *
 * What is ours and fails never reaches the host's own stack.
 */
#include "lib/decap_nvgre.h"
#include "lib/dhcp_snoop.h"
#include "lib/flood_wire.h"
#include "lib/learn_wire.h"
#include "lib/lookup.h"
#include "lib/note_path_mtu.h"
#include "lib/redirect.h"
#include "lib/wire_guard.h"

char LICENSE[] SEC("license") = "GPL";

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

/* An NVGRE packet to us, whose outer headers are `ip` and `gre`. */
static __always_inline int from_wire(struct __sk_buff *skb, struct hnv_decision *d, const struct iphdr *ip, __be32 key,
				     const struct hnv_peer *peer)
{
	struct hnv_addr pa = address4(ip->saddr), to_pa;
	struct hnv_location to = {};
	struct hnv_subnet *subnet;
	struct hnv_frame f;
	__u32 verdict, learning;
	__be32 vsid = bpf_htonl(bpf_ntohl(key) >> 8);
	int group, action;
	__u8 nd = 0;

	d->source_vsid = vsid;
	d->destination_vsid = vsid;
	d->gre_key = key;
	if (!peer)
		return drop(d, HNV_UnknownPeer);
	verdict = parse_frame(skb, HNV_INNER, &f);
	/* What went to a group of the provider network reaches many hosts, and is for many. */
	if (!verdict && !is_provider_group(ip->daddr))
		to.ifindex = find_neighbour(d, vsid, &f, &pa);
	if (!to.ifindex) {
		subnet = bpf_map_lookup_elem(&subnets, &vsid);
		if (!subnet)
			return verdict ? drop(d, HNV_PolicyMissing) : drop_and_tell_peer(skb, d, &f, &pa);
		d->rd = subnet->rd;
		if (verdict)
			return drop(d, verdict);
		if (f.proto == bpf_htons(ETH_P_RARP))
			return drop(d, any_moves() && appeared_at(vsid, f.smac, &pa) ? HNV_MoveAnnounced : HNV_UnsupportedFrameType);
		if (is_nve_message(&f, vsid, &pa))
			return take_nve_message(skb, d, &f, vsid, &pa);
		group = mac_is_group(f.dmac);
		if (group && !(subnet->flags & HNV_SUBNET_FLOODS))
			return drop(d, HNV_FloodingDisabled);
		to_pa = address4(ip->daddr);
		if (is_provider_group(ip->daddr) && (!group || !address_equal(&subnet->group, &to_pa)))
			return drop(d, HNV_DestinationCaPaMismatch);
		learning = subnet->flags & HNV_SUBNET_LEARNS && (f.proto == bpf_htons(ETH_P_ARP) || is_nd(skb, &f, &nd));
		verdict = guard_wire_source(vsid, subnet, &f, &pa, learning);
		if (verdict)
			return drop(d, verdict);
		if (learning) {
			verdict = learn_from_wire(skb, d, &f, &pa, &to);
			if (verdict)
				return drop(d, verdict);
		}
		if (group && subnet->flags & HNV_SUBNET_LEARNS)
			snoop_dhcp(skb, d, &f, vsid, 0, f.l4_offset, 0);
		if (group)
			return flood_from_wire(skb, d, &f, vsid, ip->tos);
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
		action = decapsulate_nvgre(skb, d, &f, vsid, to.ifindex, ip->tos);
		snoop_delivered(skb, d, &f, vsid, f.l4_offset - HNV_INNER);
		return action;
	}
	/* Never back to where it came from. */
	if (address_is_zero(&to.pa) || address_equal(&to.pa, &pa))
		return drop(d, HNV_DestinationCaPaMismatch);
	redirect_when_due(skb, d, &f, vsid, &pa);
	return hairpin_nvgre(skb, d, &to.pa);
}

static __always_inline int finish(struct __sk_buff *skb, const struct hnv_decision *d, __u32 bytes, int action)
{
	if (!traced(d))
		count(0, d->verdict, bytes);
	return action;
}

SEC("tc")
int uplink_ingress(struct __sk_buff *skb)
{
	__u32 bytes = skb->len, mark = skb->mark;
	void *data, *end;
	struct hnv_addr local, remote;
	struct hnv_decision *d;
	struct hnv_nvgre *nvgre;
	struct iphdr *outer, ip;
	struct hnv_peer *peer;
	__be16 gre[2];
	__be32 key = 0;

	/* The host's own traffic passes here, too: it leaves as early as possible. */
	if (skb->protocol != bpf_htons(ETH_P_IP) || skb->vlan_present)
		return HNV_NOT_OURS;
	if (make_linear(skb, HNV_INNER + HNV_ETH_LEN + HNV_IP6_LEN))
		return HNV_NOT_OURS;
	data = (void *)(long)skb->data;
	end = (void *)(long)skb->data_end;
	outer = data + HNV_ETH_LEN;
	if ((void *)(outer + 1) > end || outer->version != 4)
		return HNV_NOT_OURS;
	if (outer->protocol == HNV_IPPROTO_ICMP) {
		ip = *outer;
		note_path_mtu(skb, &ip);
		return HNV_NOT_OURS;
	}
	if (outer->protocol != HNV_IPPROTO_GRE)
		return HNV_NOT_OURS;
	ip = *outer;
	if (mark == HNV_MARK_REDIRECT)
		return redirect_sender(skb);
	if (mark == HNV_MARK_ENCAPSULATED || (mark & HNV_MARK_FLOODING_MASK) == HNV_MARK_FLOODING) {
		/* Our own, on its way out (lib/encap_nvgre.h, flood.h). A frame from a wire has no mark, and never our address. */
		local = address4(ip.saddr);
		if (!bpf_map_lookup_elem(&local_pas, &local))
			return TC_ACT_SHOT;
		if (mark != HNV_MARK_ENCAPSULATED)
			return flood_to_members(skb, &ip, mark);
		skb->mark = 0;
		return send_encapsulated(skb->ifindex, ip.daddr);
	}
	local = address4(ip.daddr);
	remote = address4(ip.saddr);
	peer = bpf_map_lookup_elem(&peers, &remote);
	/* The address that we write from to a peer is ours; another one has to be asked for, and so has a group that our subnets flood to. */
	if ((!peer || !address_equal(&peer->local, &local)) &&
	    !(is_provider_group(ip.daddr) ? bpf_map_lookup_elem(&peers, &local) : bpf_map_lookup_elem(&local_pas, &local)))
		return HNV_NOT_OURS;
	d = decision_begin(skb);
	if (!d)
		return TC_ACT_SHOT;
	d->pa = remote;
	if (ip.frag_off & bpf_htons(0x3fff)) {
		/* A later fragment does not say what it is; a peer's is taken for ours. */
		if (!peer)
			return HNV_NOT_OURS;
		return finish(skb, d, bytes, drop(d, HNV_Fragmented));
	}
	nvgre = data;
	if (ip.ihl == 5 && (void *)(nvgre + 1) <= end) {
		gre[0] = nvgre->gre_flags;
		gre[1] = nvgre->gre_proto;
		key = nvgre->key;
	} else if (bpf_skb_load_bytes(skb, HNV_ETH_LEN + ip.ihl * 4, gre, 4)) {
		return finish(skb, d, bytes, drop(d, HNV_Malformed));
	}
	if (gre[1] != HNV_NVGRE_PROTO)
		return HNV_NOT_OURS;
	if (ip.ihl != 5 || gre[0] != HNV_NVGRE_FLAGS || ip4_checksum(&ip) || bytes < HNV_INNER + HNV_ETH_LEN ||
	    bpf_ntohs(ip.tot_len) > bytes - HNV_ETH_LEN || bpf_ntohs(ip.tot_len) < HNV_INNER)
		return finish(skb, d, bytes, drop(d, HNV_Malformed));
	return finish(skb, d, bytes, from_wire(skb, d, &ip, key, peer));
}
