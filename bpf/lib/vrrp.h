/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_VRRP_H
#define HNV_VRRP_H

#include "flood.h"
#include "learn.h"
#include "vrrp_advertisement.h"

/*
 * VRRP advertisements of a VM (RFC 9568 for both families, RFC 3768 for IPv4): a router's word, every interval, on the addresses it lists.
 * A router that takes over announces them once, in a burst; when the former master's kernel answers that, because it has not yet taken
 * the addresses off, the next announcement may be seconds away. The next advertisement is not.
 *
 *   port_groups    advertisement ─┬──────────────────────────────────────────────► floods, as ever
 *                                 ├ holds the address: the proof is renewed
 *                                 ├ resigns (priority 0): the address is released
 *                                 └ else a copy each into the port's ingress, mark LISTED | which address
 *   port_copies    mark LISTED: becomes a gratuitous ARP, or an unsolicited neighbour advertisement, for that address; once more into the
 *                  ingress, so that the kernel reads its protocol, mark ON_BEHALF
 *   port_ingress   mark ON_BEHALF: as if the VM had sent it (lib/arp.h, nd.h), but not counted
 *
 * A copy that gets lost has claimed nothing. While a challenge is open nothing is done: it is decided by the answer to its probe, which both
 * hosts see. The checksum is not compared: it proves nothing about who sent it, and the VM may have left it to its device.
 */

/* Addresses of one advertisement that are looked at; as many as the mark can tell. */
#define HNV_VRRP_ADDRESSES (HNV_LISTED_ADDRESS + 1)

/* What of one advertisement is the same for each address. */
struct hnv_router {
	struct __sk_buff *skb;
	__u32 list;  /* where the addresses begin */
	__u8 size;   /* of one */
	__u8 resigns;
	__u8 mac[6]; /* it was sent from */
};

static __always_inline int is_holder(const struct hnv_learned *l, const struct hnv_claimant *c)
{
	return l->record.ifindex == c->who.ifindex && l->port_id == c->port_id;
}

static __always_inline int is_just_moved(const struct hnv_learned *l)
{
	const __u8 nobody[6] = {};

	return l->deadline_ns != HNV_DEADLINE_VOID && !mac_equal(l->challenger_mac, nobody);
}

/* Sends a copy of the advertisement on its way to be the announcement of one address. It counts as a frame that floods. */
static __noinline int copy_to_announce(struct __sk_buff *skb, __u32 index)
{
	__u32 ifindex = skb->ifindex, zero = 0;
	struct hnv_port *port = bpf_map_lookup_elem(&ports, &ifindex);
	struct hnv_decision *d = bpf_map_lookup_elem(&decision, &zero);

	if (!port || !d || !storm_allowed(d, port))
		return 0;
	set_mark(skb, HNV_MARK_LISTED | (index & HNV_LISTED_ADDRESS));
	bpf_clone_redirect(skb, ifindex, BPF_F_INGRESS);
	return set_mark(skb, 0);
}

static long hear_listed(__u32 index, struct hnv_router *r)
{
	struct hnv_claimant *c = scratch_claimant();
	struct hnv_learned *l;
	__u32 epoch = 0;
	void *map;

	if (!c)
		return 1;
	if (read_listed(r->skb, r->list, r->size, index, &c->key.ca))
		return 0;
	if (r->resigns) {
		release_learned();
		return 0;
	}
	mac_copy(c->who.mac, r->mac);
	map = claim_begin(c, &epoch);
	if (!map)
		return 0;
	l = bpf_map_lookup_elem(map, &c->key);
	if (l && is_challenged(l)) {
		if (bpf_ktime_get_boot_ns() < l->deadline_ns)
			return 0;
		promote_learned(&c->key);
		l = bpf_map_lookup_elem(map, &c->key);
	}
	/* As long as it is remembered who had it before, the subnet's members may not know of the move: it is announced. */
	if (l && is_holder(l, c) && !is_just_moved(l)) {
		mac_copy(c->who.mac, l->record.mac); /* the addresses of a virtual router may have another MAC than its advertisements */
		claim_local();
	} else if ((!l || l->source) && c->flags & HNV_CLAIM_MAY_TAKE) {
		copy_to_announce(r->skb, index);
	}
	return 0;
}

/* An advertisement of a VM, at `offset`; what it must say to mean something is in RFC 9568, 7.1, and RFC 3768, 7.1. */
__noinline int hear_vrrp(struct __sk_buff *skb, __u32 offset, __u32 is_ipv6)
{
	__u32 ifindex = skb->ifindex, count, end, zero = 0;
	struct hnv_port *port = bpf_map_lookup_elem(&ports, &ifindex);
	struct hnv_decision *d = bpf_map_lookup_elem(&decision, &zero);
	struct hnv_claimant *c = scratch_claimant();
	struct hnv_router r = { .skb = skb, .list = offset + sizeof(struct hnv_vrrp), .size = is_ipv6 ? 16 : 4 };
	struct hnv_vrrp vrrp;
	__be16 length;

	if (!port || !d || !c || bpf_skb_load_bytes(skb, offset, &vrrp, sizeof(vrrp)) || bpf_skb_load_bytes(skb, 6, r.mac, 6) ||
	    bpf_skb_load_bytes(skb, HNV_ETH_LEN + (is_ipv6 ? 4 : 2), &length, 2))
		return 0;
	count = vrrp.count;
	end = r.list + count * r.size;
	if (vrrp.version_type == 0x21 && !is_ipv6)
		end += HNV_VRRP_V2_TRAILER;
	else if (vrrp.version_type != 0x31)
		return 0;
	if (!vrrp.router || !count || end > HNV_ETH_LEN + (is_ipv6 ? HNV_IP6_LEN : 0) + bpf_ntohs(length))
		return 0;
	r.resigns = !vrrp.priority;
	claimant_of_port(c, d, port, ifindex, r.mac, is_ipv6 ? HNV_SOURCE_ND : HNV_SOURCE_ARP);
	c->flags |= HNV_CLAIM_FREE_ONLY;
	bpf_loop(count < HNV_VRRP_ADDRESSES ? count : HNV_VRRP_ADDRESSES, hear_listed, &r, 0);
	return 0;
}

/* Looks for an advertisement in a frame to a group, whose source was found right. */
static __always_inline void vrrp_from_vm(struct __sk_buff *skb, const struct hnv_decision *d, const struct hnv_port *port,
					 const struct hnv_frame *f)
{
	const struct hnv_addr routers6 = { .bytes = { 0xff, 0x02, [15] = 0x12 } };
	int v6 = f->proto == bpf_htons(ETH_P_IPV6);

	if (f->l4 != HNV_IPPROTO_VRRP || !port->learn_limit || f->ttl != HNV_VRRP_HOPS ||
	    f->flags & (HNV_FRAME_FRAGMENT | HNV_FRAME_EXTENDED) || traced(d))
		return;
	if (v6 ? address_equal(&f->dst, &routers6) : address_to4(&f->dst) == bpf_htonl(0xe0000012))
		hear_vrrp(skb, f->l4_offset, v6);
}

#endif
