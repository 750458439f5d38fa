/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_ENCAP_H
#define HNV_ENCAP_H

#include "deliver.h"
#include "ecn.h"
#include "nvgre.h"
#include "outer4.h"
#include "outer6.h"
#include "vxlan.h"

/* The way out: a tenant's frame gets the outer headers that its VM network and the peer ask for. */

#define HNV_PUSHED_IN_FRONT -1

/* All entropy that a key has room for. */
static __always_inline __u8 flow_id(__u32 hash)
{
	hash ^= hash >> 16;
	return hash ^ hash >> 8;
}

static __always_inline __be32 key_to(__be32 vsid, __u32 hash, __u32 encapsulation, __u32 peer_flags)
{
	return key_of(vsid, encapsulation != HNV_ENCAP_NVGRE || peer_flags & HNV_PEER_FLOWID_ZERO ? 0 : flow_id(hash));
}

/* As push_outer(), of one form. */
static __always_inline int push_form(struct __sk_buff *skb, const struct hnv_frame *f, const struct hnv_outer *outer, const int six,
				     const __u32 encapsulation)
{
	const __u32 ip_len = six ? HNV_IP6_LEN : HNV_IP4_LEN, room = HNV_ROOM(six, encapsulation), tunnel_len = room - ip_len - HNV_ETH_LEN;
	const __u64 flags = (six ? BPF_F_ADJ_ROOM_ENCAP_L3_IPV6 : BPF_F_ADJ_ROOM_ENCAP_L3_IPV4) |
			    HNV_TUNNEL_ROOM_FLAG(encapsulation) | BPF_F_ADJ_ROOM_ENCAP_L2(HNV_ETH_LEN) | BPF_F_ADJ_ROOM_ENCAP_L2_ETH | BPF_F_ADJ_ROOM_FIXED_GSO;
	const __u8 protocol = HNV_TUNNEL_PROTOCOL(encapsulation);
	int in_front = f->proto == bpf_htons(ETH_P_ARP) || f->proto == bpf_htons(ETH_P_RARP);
	struct ethhdr *eth, *inner;
	void *data, *end;
	__be16 port = 0;
	__u32 length;

	if (encapsulation == HNV_ENCAP_VXLAN) {
		port = vxlan_port();
		if (!port)
			return HNV_Internal; /* the agent has not said which */
	}
	if (!in_front) {
		int error = bpf_skb_adjust_room(skb, room, BPF_ADJ_ROOM_MAC, flags);

		if (error == -HNV_EALREADY) {
			/* A super-packet of a tenant's own UDP tunnel: its segmentation cannot be described a second time. */
			if (skb->gso_size && f->l4 != HNV_IPPROTO_TCP)
				return HNV_TunnelStateUnsupported;
			in_front = 1;
		} else if (error) {
			return HNV_Internal;
		}
	}
	if (in_front && bpf_skb_change_head(skb, room, 0))
		return HNV_Internal;
	length = skb->len - HNV_ETH_LEN;
	data = (void *)(long)skb->data;
	end = (void *)(long)skb->data_end;
	if (data + HNV_ETH_LEN + room > end)
		return HNV_Internal;
	eth = data;
	__builtin_memset(eth->h_dest, 0, 6);
	__builtin_memset(eth->h_source, 0, 6);
	eth->h_proto = six ? bpf_htons(ETH_P_IPV6) : bpf_htons(ETH_P_IP);
	if (six)
		outer6_write(data + HNV_ETH_LEN, outer, protocol, length - HNV_IP6_LEN);
	else
		outer4_write(data + HNV_ETH_LEN, outer, protocol, length);
	if (encapsulation == HNV_ENCAP_VXLAN)
		vxlan_write(data + HNV_ETH_LEN + ip_len, outer, port, length - ip_len);
	else
		nvgre_write(data + HNV_ETH_LEN + ip_len, outer);
	inner = data + HNV_ETH_LEN + ip_len + tunnel_len;
	mac_copy(inner->h_dest, outer->dmac);
	mac_copy(inner->h_source, outer->smac);
	inner->h_proto = f->proto;
	return in_front ? HNV_PUSHED_IN_FRONT : HNV_None;
}

/*
 * Puts the outer headers in front of the frame. Returns HNV_None, HNV_PUSHED_IN_FRONT, or the verdict that ends the frame.
 *
 * Room is made by bpf_skb_adjust_room, which keeps super-packets whole. It refuses ARP, and skbs that carry tunnel state already
 * (decapsulated before, on their way through a router VM; a tenant's own tunnel): those get room in front instead. They enter again
 * at the uplink's ingress, where the kernel has read the outer header, and are routed there.
 *
 * Global: verified once, whoever calls it.
 */
__noinline int push_outer(struct __sk_buff *skb, const struct hnv_frame *f, const struct hnv_outer *outer)
{
	if (!f || !outer)
		return HNV_Internal;
	if (outer->encapsulation == HNV_ENCAP_NVGRE)
		return address_is_mapped4(&outer->remote) ? push_form(skb, f, outer, 0, HNV_ENCAP_NVGRE) : push_form(skb, f, outer, 1, HNV_ENCAP_NVGRE);
	return address_is_mapped4(&outer->remote) ? push_form(skb, f, outer, 0, HNV_ENCAP_VXLAN) : push_form(skb, f, outer, 1, HNV_ENCAP_VXLAN);
}

/*
 * Hands an encapsulated packet that the kernel knows as IP to the uplink. No route leads to a group of the provider network, but
 * its MAC is known: the kernel makes it of the address, if that is given as the next hop.
 */
static __always_inline int send_encapsulated(__u32 uplink, const struct hnv_addr *remote)
{
	struct bpf_redir_neigh group = {};

	if (!is_provider_group(remote))
		return bpf_redirect_neigh(uplink, 0, 0, 0);
	if (address_is_mapped4(remote)) {
		group.nh_family = HNV_AF_INET;
		group.ipv4_nh = address_to4(remote);
	} else {
		group.nh_family = HNV_AF_INET6;
		__builtin_memcpy(group.ipv6_nh, remote, 16);
	}
	return bpf_redirect_neigh(uplink, &group, sizeof(group), 0);
}

/* Encapsulates the frame towards a peer and hands it to the uplink, where the kernel finds the next hop. Returns the action. */
static __always_inline int encapsulate(struct __sk_buff *skb, struct hnv_decision *d, const struct hnv_frame *f, __be32 vsid, __u32 encapsulation,
				       const struct hnv_addr *pa, const struct hnv_peer *peer, const __u8 *dmac, const __u8 *smac)
{
	struct hnv_outer outer;
	int pushed;

	if (!peer->uplink || address_is_zero(&peer->local))
		return drop(d, HNV_ProviderRouteMissing);
	d->pa = *pa;
	d->ifindex = peer->uplink;
	outer.local = peer->local;
	outer.remote = *pa;
	outer.hash = bpf_get_hash_recalc(skb);
	outer.key = key_to(vsid, outer.hash, encapsulation, peer->flags);
	outer.tos = f->tos & HNV_ECN_MASK;
	outer.encapsulation = encapsulation;
	mac_copy(outer.dmac, dmac);
	mac_copy(outer.smac, smac);
	outer.zero[0] = outer.zero[1] = 0;
	d->gre_key = outer.key;
	pushed = push_outer(skb, f, &outer);
	if (pushed == HNV_PUSHED_IN_FRONT)
		return redirect_marked(skb, peer->uplink, HNV_MARK_ENCAPSULATED, BPF_F_INGRESS);
	if (pushed)
		return drop(d, pushed);
	return bpf_redirect_neigh(peer->uplink, 0, 0, 0);
}

#endif
