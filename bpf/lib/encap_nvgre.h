/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_ENCAP_NVGRE_H
#define HNV_ENCAP_NVGRE_H

#include "deliver.h"
#include "ecn.h"

/*
 * NVGRE, RFC 7637, over IPv4:
 *
 *   0            14            34             42            56
 *   | Ethernet   | IPv4  DF    | GRE  K  6558 | Ethernet    | IP or ARP …
 *   | by the     | PA -> PA    | VSID, FlowID | of the      |
 *   | kernel     | proto 47    |              | tenant      |
 */
struct hnv_nvgre {
	struct ethhdr outer;
	struct iphdr ip;
	__be16 gre_flags;
	__be16 gre_proto;
	__be32 key;
	struct ethhdr inner;
} __attribute__((packed));
HNV_SIZE(struct hnv_nvgre, 56);

#define HNV_NVGRE_ROOM 42 /* outer IPv4, GRE and the tenant's Ethernet header; the frame's own becomes the outer one */
#define HNV_NVGRE_FLAGS bpf_htons(0x2000)
#define HNV_NVGRE_PROTO bpf_htons(0x6558)
#define HNV_OUTER_TTL 64
#define HNV_DONT_FRAGMENT bpf_htons(0x4000)

static __always_inline __u32 nvgre_key(__be32 vsid, __u8 flow_id)
{
	return bpf_htonl(bpf_ntohl(vsid) << 8 | flow_id);
}

/* Eight bits of the flow's hash: all the entropy that the key has room for. */
static __always_inline __u8 flow_hash(struct __sk_buff *skb)
{
	__u32 hash = bpf_get_hash_recalc(skb);

	hash ^= hash >> 16;
	return hash ^ hash >> 8;
}

static __always_inline __u8 flow_id(struct __sk_buff *skb, const struct hnv_peer *peer)
{
	return peer->flags & HNV_PEER_FLOWID_ZERO ? 0 : flow_hash(skb);
}

/* 224.0.0.0/4 */
static __always_inline int is_provider_group(__be32 address)
{
	return (address & bpf_htonl(0xf0000000)) == bpf_htonl(0xe0000000);
}

/* What the outer headers of a frame say, and the MACs of the frame inside. */
struct hnv_outer {
	__be32 key;
	__be32 local, remote;
	__u8 dmac[6];
	__u8 smac[6];
};

#define HNV_PUSHED_IN_FRONT -1

/*
 * Puts the outer headers in front of the frame. Returns HNV_None, HNV_PUSHED_IN_FRONT, or the verdict that ends the frame.
 *
 * Room is made by bpf_skb_adjust_room, which keeps super-packets whole. It refuses ARP, and skbs that carry tunnel state already
 * (decapsulated before, on their way through a router VM; a tenant's own tunnel): those get room in front instead. They enter again
 * at the uplink's ingress, where the kernel has read the outer header, and are routed there.
 */
static __noinline int push_nvgre(struct __sk_buff *skb, const struct hnv_frame *f, const struct hnv_outer *outer)
{
	struct hnv_nvgre h;
	void *data, *end;
	__u32 length;
	int in_front = f->proto == bpf_htons(ETH_P_ARP) || f->proto == bpf_htons(ETH_P_RARP);

	if (!in_front) {
		int error = bpf_skb_adjust_room(skb, HNV_NVGRE_ROOM, BPF_ADJ_ROOM_MAC,
						BPF_F_ADJ_ROOM_ENCAP_L3_IPV4 | BPF_F_ADJ_ROOM_ENCAP_L4_GRE |
							BPF_F_ADJ_ROOM_ENCAP_L2(HNV_ETH_LEN) | BPF_F_ADJ_ROOM_ENCAP_L2_ETH |
							BPF_F_ADJ_ROOM_FIXED_GSO);

		if (error == -HNV_EALREADY) {
			/* A super-packet of a tenant's own UDP tunnel: its segmentation cannot be described a second time. */
			if (skb->gso_size && f->l4 != HNV_IPPROTO_TCP)
				return HNV_TunnelStateUnsupported;
			in_front = 1;
		} else if (error) {
			return HNV_Internal;
		}
	}
	if (in_front && bpf_skb_change_head(skb, HNV_NVGRE_ROOM, 0))
		return HNV_Internal;

	__builtin_memset(&h, 0, sizeof(h));
	h.outer.h_proto = bpf_htons(ETH_P_IP);
	h.ip.version = 4;
	h.ip.ihl = 5;
	h.ip.tos = f->tos & HNV_ECN_MASK;
	/* A super-packet may outgrow the field; its segments get their own. */
	length = skb->len - HNV_ETH_LEN;
	h.ip.tot_len = bpf_htons(length > 0xffff ? 0xffff : length);
	h.ip.frag_off = HNV_DONT_FRAGMENT;
	h.ip.ttl = HNV_OUTER_TTL;
	h.ip.protocol = HNV_IPPROTO_GRE;
	h.ip.saddr = outer->local;
	h.ip.daddr = outer->remote;
	h.ip.check = ip4_checksum(&h.ip);
	h.gre_flags = HNV_NVGRE_FLAGS;
	h.gre_proto = HNV_NVGRE_PROTO;
	h.key = outer->key;
	mac_copy(h.inner.h_dest, outer->dmac);
	mac_copy(h.inner.h_source, outer->smac);
	h.inner.h_proto = f->proto;

	data = (void *)(long)skb->data;
	end = (void *)(long)skb->data_end;
	if (data + sizeof(h) > end)
		return HNV_Internal;
	__builtin_memcpy(data, &h, sizeof(h));
	return in_front ? HNV_PUSHED_IN_FRONT : HNV_None;
}

/*
 * Hands an encapsulated packet that the kernel knows as IPv4 to the uplink. No route leads to a group of the provider network, but
 * its MAC is known: the kernel makes it of the address, if that is given as the next hop.
 */
static __always_inline int send_encapsulated(__u32 uplink, __be32 remote)
{
	struct bpf_redir_neigh group = { .nh_family = HNV_AF_INET, .ipv4_nh = remote };

	return is_provider_group(remote) ? bpf_redirect_neigh(uplink, &group, sizeof(group), 0) : bpf_redirect_neigh(uplink, 0, 0, 0);
}

/* Encapsulates the frame towards a peer and hands it to the uplink, where the kernel finds the next hop. Returns the action. */
static __always_inline int encapsulate_nvgre(struct __sk_buff *skb, struct hnv_decision *d, const struct hnv_frame *f, __be32 vsid,
					     const struct hnv_addr *pa, const struct hnv_peer *peer, const __u8 *dmac, const __u8 *smac)
{
	struct hnv_outer outer;
	int pushed;

	if (!peer->uplink || address_is_zero(&peer->local))
		return drop(d, HNV_ProviderRouteMissing);
	d->pa = *pa;
	d->ifindex = peer->uplink;
	d->gre_key = nvgre_key(vsid, flow_id(skb, peer));
	outer.key = d->gre_key;
	outer.local = address_to4(&peer->local);
	outer.remote = address_to4(pa);
	mac_copy(outer.dmac, dmac);
	mac_copy(outer.smac, smac);
	pushed = push_nvgre(skb, f, &outer);
	if (pushed == HNV_PUSHED_IN_FRONT)
		return redirect_marked(skb, peer->uplink, HNV_MARK_ENCAPSULATED, BPF_F_INGRESS);
	if (pushed)
		return drop(d, pushed);
	return bpf_redirect_neigh(peer->uplink, 0, 0, 0);
}

#endif
