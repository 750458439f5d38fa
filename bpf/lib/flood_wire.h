/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_FLOOD_WIRE_H
#define HNV_FLOOD_WIRE_H

#include "decap.h"
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

/* A batch of copies of one encapsulated frame. */
struct hnv_batch {
	struct __sk_buff *skb;
	__u64 sum;              /* of an IPv4 header without addresses and checksum */
	__be32 vsid;
	__be32 key;
	__be32 written;         /* the key in the frame now */
	__u32 first;            /* its first slot */
	__u32 pending;          /* uplink of the copy whose addresses are in the frame; 0: none */
	__u32 length;           /* of the tenant's packet on a wire; 0: fits every path */
	__u32 learners_only;
	__u32 others;           /* members of the other family were passed over */
	struct hnv_addr other;  /* our address towards one of them */
};

/* From the checksum of an IPv4 header on. */
struct hnv_outer4_rest {
	__be16 check;
	__be32 local, remote;
} __attribute__((packed));

/* The addresses of an IPv6 header. */
struct hnv_outer6_rest {
	struct hnv_addr local, remote;
};

static __always_inline void send_pending(struct hnv_batch *b)
{
	if (bpf_clone_redirect(b->skb, b->pending, BPF_F_INGRESS))
		count_copy(0, HNV_FloodCopyLost, b->skb->len);
}

static __always_inline int write_addresses(const struct hnv_batch *b, const struct hnv_addr *local, const struct hnv_addr *remote)
{
	if (HNV_FORM_FAMILY == 6) {
		struct hnv_outer6_rest h = { *local, *remote };

		return bpf_skb_store_bytes(b->skb, HNV_ETH_LEN + 8, &h, sizeof(h), 0);
	} else {
		struct hnv_outer4_rest h = { .local = address_to4(local), .remote = address_to4(remote) };

		h.check = checksum_fold(b->sum + h.local + h.remote);
		return bpf_skb_store_bytes(b->skb, HNV_ETH_LEN + 10, &h, sizeof(h), 0);
	}
}

static long copy_to_member(__u32 index, struct hnv_batch *b)
{
	struct hnv_member_key key = { .vsid = b->vsid, .slot = HNV_MEMBER_REMOTE | (b->first + index) };
	struct hnv_member *member = bpf_map_lookup_elem(&members, &key);
	struct hnv_peer *peer;

	if (!member || member->ifindex || (b->learners_only && !(member->flags & HNV_MEMBER_LEARNS)))
		return 0;
	if (address_is_mapped4(&member->pa) != (HNV_FORM_FAMILY == 4)) {
		b->others = 1;
		return 0;
	}
	peer = bpf_map_lookup_elem(&peers, &member->pa);
	if (!peer || !peer->uplink || address_is_zero(&peer->local)) {
		count_copy(0, HNV_ProviderRouteMissing, b->skb->len);
		return 0;
	}
	if (b->length && b->length > inner_mtu(&member->pa, peer, HNV_FORM_ENCAPSULATION)) {
		count_copy(0, HNV_MtuExceeded, b->skb->len);
		return 0;
	}
	if (b->pending)
		send_pending(b);
	key.vsid = HNV_FORM_ENCAPSULATION == HNV_ENCAP_NVGRE && peer->flags & HNV_PEER_FLOWID_ZERO ? b->key & bpf_htonl(0xffffff00) : b->key;
	if (write_addresses(b, &peer->local, &member->pa) ||
	    (key.vsid != b->written && bpf_skb_store_bytes(b->skb, HNV_KEY_OFFSET, &key.vsid, 4, 0))) {
		count_copy(0, HNV_FloodCopyLost, b->skb->len);
		b->pending = 0;
		return 0;
	}
	b->written = key.vsid;
	b->pending = peer->uplink;
	return 0;
}

/* Length of the tenant's packet on a wire; 0 when it is shorter than every path's MTU. A super-packet to a group is UDP. */
static __always_inline __u32 flooded_length(struct __sk_buff *skb)
{
	__u32 length = skb->len - HNV_INNER - HNV_ETH_LEN;
	__u8 first = 0;

	if (skb->gso_size && !bpf_skb_load_bytes(skb, HNV_INNER + HNV_ETH_LEN, &first, 1))
		length = skb->gso_size + 8 + (first >> 4 == 4 ? (first & 0xf) * 4 : HNV_IP6_LEN);
	return length > HNV_FITS_EVERY_PATH ? length : 0;
}

static long find_other(__u32 slot, struct hnv_batch *b)
{
	struct hnv_member_key key = { .vsid = b->vsid, .slot = HNV_MEMBER_REMOTE | slot };
	struct hnv_member *member = bpf_map_lookup_elem(&members, &key);
	struct hnv_peer *peer;

	if (!member || member->ifindex || address_is_mapped4(&member->pa) == (HNV_FORM_FAMILY == 4))
		return 0;
	peer = bpf_map_lookup_elem(&peers, &member->pa);
	if (!peer || !peer->uplink || address_is_zero(&peer->local))
		return 0;
	b->other = peer->local;
	return 1;
}

/*
 * All members of this family have their copies: turns the frame to the other family and sends it round, for the others. The kernel moves
 * all but the header itself.
 */
static __noinline int turn_to_others(struct __sk_buff *skb, struct hnv_batch *b, __u32 members, __u32 mark)
{
	struct hnv_outer outer = { .encapsulation = HNV_FORM_ENCAPSULATION, .hash = bpf_get_hash_recalc(skb) };
	const __u8 protocol = HNV_TUNNEL_PROTOCOL(HNV_FORM_ENCAPSULATION);
	const __be16 turned = HNV_FORM_FAMILY == 6 ? bpf_htons(ETH_P_IP) : bpf_htons(ETH_P_IPV6);
	void *data, *end;
	__u8 tos[2];

	bpf_loop(members, find_other, b, 0);
	if (address_is_zero(&b->other)) {
		count_copy(0, HNV_ProviderRouteMissing, skb->len);
		return TC_ACT_SHOT;
	}
	outer.local = b->other;
	if (bpf_skb_load_bytes(skb, HNV_ETH_LEN, tos, 2))
		return TC_ACT_SHOT;
	outer.tos = HNV_FORM_FAMILY == 6 ? (tos[0] << 4 | tos[1] >> 4) : tos[1];
	if (bpf_skb_change_proto(skb, turned, 0)) {
		count_copy(0, HNV_FloodCopyLost, skb->len);
		return TC_ACT_SHOT;
	}
	data = (void *)(long)skb->data;
	end = (void *)(long)skb->data_end;
	if (data + HNV_ETH_LEN + HNV_IP6_LEN > end)
		return TC_ACT_SHOT;
	((struct ethhdr *)data)->h_proto = turned;
	if (HNV_FORM_FAMILY == 6)
		outer4_write(data + HNV_ETH_LEN, &outer, protocol, skb->len - HNV_ETH_LEN);
	else
		outer6_write(data + HNV_ETH_LEN, &outer, protocol, skb->len - HNV_ETH_LEN - HNV_IP6_LEN);
	return redirect_marked(skb, skb->ifindex, HNV_MARK_FLOODING | HNV_FLOODING_TURNED | (mark & HNV_FLOODING_LEARNERS), BPF_F_INGRESS);
}

/* Our own flooded frame, come round again with this mark. Returns the action. */
static __noinline int flood_to_members(struct __sk_buff *skb, __u32 mark)
{
	struct hnv_batch b = { .skb = skb, .first = mark & HNV_FLOODING_SLOT, .learners_only = mark & HNV_FLOODING_LEARNERS };
	struct hnv_subnet *subnet;
	__u32 left;

	if (bpf_skb_load_bytes(skb, HNV_KEY_OFFSET, &b.key, 4))
		return TC_ACT_SHOT;
	b.written = b.key;
	b.vsid = vsid_of(b.key);
	subnet = bpf_map_lookup_elem(&subnets, &b.vsid);
	if (!subnet || b.first >= subnet->remote_members)
		return TC_ACT_SHOT;
	if (HNV_FORM_FAMILY == 4) {
		struct iphdr ip;

		if (bpf_skb_load_bytes(skb, HNV_ETH_LEN, &ip, sizeof(ip)))
			return TC_ACT_SHOT;
		b.sum = (__u64)(__u16)~ip.check + (__u32)~ip.saddr + (__u32)~ip.daddr; /* RFC 1624 */
	}
	b.length = flooded_length(skb);
	left = subnet->remote_members - b.first;
	set_mark(skb, HNV_MARK_ENCAPSULATED);
	bpf_loop(left < HNV_FLOOD_BATCH ? left : HNV_FLOOD_BATCH, copy_to_member, &b, 0);
	if (b.others)
		mark |= HNV_FLOODING_OTHERS;
	if (left > HNV_FLOOD_BATCH && b.first + HNV_FLOOD_BATCH <= HNV_FLOODING_SLOT) {
		if (b.pending)
			send_pending(&b);
		/* The copy that went last may have had its FlowID taken away. */
		if (b.written != b.key && bpf_skb_store_bytes(skb, HNV_KEY_OFFSET, &b.key, 4, 0))
			return TC_ACT_SHOT;
		return redirect_marked(skb, skb->ifindex, (mark & ~HNV_FLOODING_SLOT) | (b.first + HNV_FLOOD_BATCH), BPF_F_INGRESS);
	}
	if (mark & HNV_FLOODING_OTHERS && !(mark & HNV_FLOODING_TURNED)) {
		if (b.pending)
			send_pending(&b);
		if (b.written != b.key && bpf_skb_store_bytes(skb, HNV_KEY_OFFSET, &b.key, 4, 0))
			return TC_ACT_SHOT;
		return turn_to_others(skb, &b, subnet->remote_members, mark);
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
	verdict = pop_outer(skb, f, outer_tos, &protocol_right);
	if (verdict)
		return drop(d, verdict);
	if (write_macs(skb, f->dmac, f->smac, f->proto))
		return drop(d, HNV_Internal);
	return flood_local(skb, vsid, 0, 0, 0);
}

#endif
