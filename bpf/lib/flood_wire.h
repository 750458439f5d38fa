/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_FLOOD_WIRE_H
#define HNV_FLOOD_WIRE_H

#include "decap_nvgre.h"
#include "flood_local.h"
#include "path_mtu.h"

/*
 * Flooded frames at the uplink: our own on their way to the remote members, and those from other hosts on their way to the local ones.
 *
 * A remote copy is a clone with its own outer addresses, which enters again at the ingress of its uplink with HNV_MARK_ENCAPSULATED;
 * there the kernel finds the neighbour. Queues are short, a veth's 256 and the kernel's backlog 1000, and many frames may be on their way
 * at once: after HNV_FLOOD_BATCH slots the frame itself goes round, behind its own copies, so that these are gone when the next ones
 * come. The last copy is the frame itself.
 */
#define HNV_FLOOD_BATCH 16

#define HNV_KEY_OFFSET (HNV_ETH_LEN + HNV_IP4_LEN + 4)

/* A batch of copies of one encapsulated frame. */
struct hnv_batch {
	struct __sk_buff *skb;
	__u64 sum;     /* of the outer header without addresses and checksum */
	__be32 vsid;
	__be32 key;
	__u32 first;   /* its first slot */
	__u32 pending; /* uplink of the copy whose addresses are in the frame; 0: none */
	__u32 length;  /* of the tenant's packet on a wire; 0: fits every path */
	__u32 learners_only;
};

/* From the outer header's checksum to the key: what differs from copy to copy. */
struct hnv_outer_rest {
	__be16 check;
	__be32 local, remote;
	__be16 gre_flags, gre_proto;
	__be32 key;
} __attribute__((packed));

static __always_inline void send_pending(struct hnv_batch *b)
{
	if (bpf_clone_redirect(b->skb, b->pending, BPF_F_INGRESS))
		count_copy(0, HNV_FloodCopyLost, b->skb->len);
}

static long copy_to_member(__u32 index, struct hnv_batch *b)
{
	struct hnv_member_key key = { .vsid = b->vsid, .slot = HNV_MEMBER_REMOTE | (b->first + index) };
	struct hnv_member *member = bpf_map_lookup_elem(&members, &key);
	struct hnv_outer_rest h;
	struct hnv_peer *peer;

	if (!member || member->ifindex || (b->learners_only && !(member->flags & HNV_MEMBER_LEARNS)))
		return 0;
	peer = bpf_map_lookup_elem(&peers, &member->pa);
	if (!peer || !peer->uplink || address_is_zero(&peer->local)) {
		count_copy(0, HNV_ProviderRouteMissing, b->skb->len);
		return 0;
	}
	if (b->length && b->length > inner_mtu(&member->pa, peer)) {
		count_copy(0, HNV_MtuExceeded, b->skb->len);
		return 0;
	}
	if (b->pending)
		send_pending(b);
	h.local = address_to4(&peer->local);
	h.remote = address_to4(&member->pa);
	h.check = checksum_fold(b->sum + h.local + h.remote);
	h.gre_flags = HNV_NVGRE_FLAGS;
	h.gre_proto = HNV_NVGRE_PROTO;
	h.key = peer->flags & HNV_PEER_FLOWID_ZERO ? b->key & bpf_htonl(0xffffff00) : b->key;
	if (bpf_skb_store_bytes(b->skb, HNV_ETH_LEN + 10, &h, sizeof(h), 0)) {
		count_copy(0, HNV_FloodCopyLost, b->skb->len);
		b->pending = 0;
		return 0;
	}
	b->pending = peer->uplink;
	return 0;
}

/* Length of the tenant's packet on a wire; 0 when it is shorter than every path's MTU. A super-packet to a group is UDP. */
static __always_inline __u32 flooded_length(struct __sk_buff *skb)
{
	__u32 length = skb->len - sizeof(struct hnv_nvgre);
	__u8 first = 0;

	if (skb->gso_size && !bpf_skb_load_bytes(skb, sizeof(struct hnv_nvgre), &first, 1))
		length = skb->gso_size + 8 + (first >> 4 == 4 ? (first & 0xf) * 4 : HNV_IP6_LEN);
	return length > HNV_PATH_MTU_FLOOR - HNV_NVGRE_ROOM ? length : 0;
}

/* Our own flooded frame, come round again with this mark; `ip` is its outer header. Returns the action. */
static __noinline int flood_to_members(struct __sk_buff *skb, const struct iphdr *ip, __u32 mark)
{
	struct hnv_batch b = { .skb = skb, .first = mark & HNV_FLOODING_SLOT, .learners_only = mark & HNV_FLOODING_LEARNERS };
	struct hnv_subnet *subnet;
	__u32 left;

	if (bpf_skb_load_bytes(skb, HNV_KEY_OFFSET, &b.key, 4))
		return TC_ACT_SHOT;
	b.vsid = bpf_htonl(bpf_ntohl(b.key) >> 8);
	subnet = bpf_map_lookup_elem(&subnets, &b.vsid);
	if (!subnet || b.first >= subnet->remote_members)
		return TC_ACT_SHOT;
	b.sum = (__u64)(__u16)~ip->check + (__u32)~ip->saddr + (__u32)~ip->daddr; /* RFC 1624 */
	b.length = flooded_length(skb);
	left = subnet->remote_members - b.first;
	set_mark(skb, HNV_MARK_ENCAPSULATED);
	bpf_loop(left < HNV_FLOOD_BATCH ? left : HNV_FLOOD_BATCH, copy_to_member, &b, 0);
	if (left > HNV_FLOOD_BATCH && b.first + HNV_FLOOD_BATCH <= HNV_FLOODING_SLOT) {
		if (b.pending)
			send_pending(&b);
		/* The copy that went last may have had its FlowID taken away. */
		if (bpf_skb_store_bytes(skb, HNV_KEY_OFFSET, &b.key, 4, 0))
			return TC_ACT_SHOT;
		return redirect_marked(skb, skb->ifindex, (mark & ~HNV_FLOODING_SLOT) | (b.first + HNV_FLOOD_BATCH),
				       BPF_F_INGRESS);
	}
	if (!b.pending)
		return TC_ACT_SHOT;
	set_mark(skb, 0);
	return bpf_redirect_neigh(b.pending, 0, 0, 0);
}

/* A flooded frame from another host, whose source was found right: decapsulated once, a copy into each local port of the subnet. */
static __always_inline int flood_from_wire(struct __sk_buff *skb, struct hnv_decision *d, const struct hnv_frame *f, __be32 vsid,
					   __u8 outer_tos)
{
	int protocol_right;
	__u32 verdict;

	d->verdict = HNV_Flooded;
	if (traced(d))
		return TC_ACT_SHOT;
	verdict = pop_nvgre(skb, f, outer_tos, &protocol_right);
	if (verdict)
		return drop(d, verdict);
	if (write_macs(skb, f->dmac, f->smac, f->proto))
		return drop(d, HNV_Internal);
	return flood_local(skb, vsid, 0, 0, 0);
}

#endif
