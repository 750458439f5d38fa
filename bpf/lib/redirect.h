/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_REDIRECT_H
#define HNV_REDIRECT_H

#include "encap.h"
#include "icmp_error.h"
#include "activate.h"
#include "answer.h"
#include "bucket.h"
#include "lookup.h"

/*
 * What hosts tell each other of frames that came to the wrong one: REDIRECT and UNREACHABLE of [MS-NVGREE], ICMP inside NVGRE, in the
 * virtual subnet of the frame that they are about. They are defined in NVGRE over IPv4 alone; in other forms frames are sent on without.
 *
 *   0          14     34    42          56      76                84          104   112         126
 *   | Ethernet | IPv4 | GRE | Ethernet  | IPv4  | ICMP 5/10, 3/10 | IPv4      | GRE | Ethernet  | …
 *   | us -> sender          | us -> the sender's host, new host   | what came, up to HNV_NVE_QUOTE bytes
 *
 * The specification names the inner packet's second address "Target NVE address": it is the new host's, and so is the gateway field, which is
 * where RFC 792 has it. Of UNREACHABLE both are the sender's host and zero.
 */
struct hnv_nve_message {
	struct ethhdr eth;
	struct iphdr outer;
	struct hnv_nvgre nvgre;
	struct ethhdr inner;
	struct iphdr ip;
	struct hnv_icmp_header icmp;
} __attribute__((packed));
HNV_SIZE(struct hnv_nve_message, 84);

/* What of it is looked at when it arrives, from the ICMP header on. */
struct hnv_nve_quote {
	struct hnv_icmp_header icmp;
	struct iphdr ip;
	__be16 gre_flags, gre_proto;
	__be32 key;
	struct ethhdr eth;
} __attribute__((packed));
HNV_SIZE(struct hnv_nve_quote, 50);

#define HNV_NVE_REDIRECT 5
#define HNV_NVE_UNREACHABLE 3
#define HNV_NVE_CODE 10
#define HNV_NVE_TTL 128
#define HNV_NVE_QUOTE 128 /* both outer headers, the tenant's, and what the kernel may still write as its checksum */
#define HNV_NVE_ROOM (sizeof(struct hnv_nve_message) - HNV_ETH_LEN)
#define HNV_NVE_BURST 10
#define HNV_NVE_INTERVAL_NS (10ULL * 1000000) /* one token: 100 messages a second to one host */

/* Takes a token of the peer's bucket. */
static __noinline int nve_message_allowed(const struct hnv_addr *pa)
{
	return bucket_take(&redirect_limits, pa, 1, 0, bpf_ktime_get_ns(), HNV_NVE_INTERVAL_NS, HNV_NVE_BURST);
}

static __always_inline __s64 sum_nve_quote(struct __sk_buff *skb, __u32 length, __s64 sum)
{
	__u32 i;

	for (i = 0; i < HNV_NVE_QUOTE; i += HNV_QUOTE_CHUNK) {
		__u8 chunk[HNV_QUOTE_CHUNK] = {};
		__u32 left;

		if (i >= length)
			break;
		left = at_most(length - i, HNV_QUOTE_CHUNK);
		if (bpf_skb_load_bytes(skb, HNV_ETH_LEN + i, chunk, left))
			return -1;
		sum = bpf_csum_diff(0, 0, (__be32 *)chunk, HNV_QUOTE_CHUNK, sum);
	}
	return sum;
}

/*
 * Makes an encapsulated frame that came to us the message about it, to the host it came from. `target`: the new host of what it was sent
 * to; 0: this is UNREACHABLE. Returns the action.
 */
static __noinline int send_nve_message(struct __sk_buff *skb, __be32 target)
{
	__u32 length = skb->len, uplink;
	struct hnv_nve_message *h = answer_begin();
	struct hnv_peer *peer;
	struct hnv_addr to;
	struct iphdr ip;
	__u8 macs[12];
	__s64 sum;

	if (!h)
		return TC_ACT_SHOT;
	__builtin_memset(h, 0, sizeof(*h));
	if (length < HNV_ETH_LEN + sizeof(struct hnv_nve_quote) - sizeof(struct hnv_icmp_header) || bpf_skb_load_bytes(skb, 0, macs, 12) ||
	    bpf_skb_load_bytes(skb, HNV_ETH_LEN, &ip, sizeof(ip)) || bpf_skb_load_bytes(skb, HNV_ETH_LEN + HNV_IP4_LEN + 4, &h->nvgre.key, 4))
		return TC_ACT_SHOT;
	to = address4(ip.saddr);
	peer = bpf_map_lookup_elem(&peers, &to);
	if (!peer || !peer->uplink)
		return TC_ACT_SHOT;
	uplink = peer->uplink;
	length -= HNV_ETH_LEN;
	if (length > HNV_NVE_QUOTE) {
		length = HNV_NVE_QUOTE;
		if (bpf_skb_change_tail(skb, HNV_ETH_LEN + HNV_NVE_QUOTE, 0))
			return TC_ACT_SHOT;
	}
	h->icmp.type = target ? HNV_NVE_REDIRECT : HNV_NVE_UNREACHABLE;
	h->icmp.code = HNV_NVE_CODE;
	h->icmp.rest = target;
	sum = sum_nve_quote(skb, length, bpf_csum_diff(0, 0, (__be32 *)&h->icmp, sizeof(h->icmp), 0));
	if (sum < 0 || bpf_skb_change_head(skb, HNV_NVE_ROOM, 0))
		return TC_ACT_SHOT;
	h->icmp.checksum = checksum_fold(sum);
	h->ip.version = 4;
	h->ip.ihl = 5;
	h->ip.tot_len = bpf_htons(HNV_IP4_LEN + sizeof(h->icmp) + length);
	h->ip.ttl = HNV_NVE_TTL;
	h->ip.protocol = HNV_IPPROTO_ICMP;
	h->ip.saddr = ip.daddr;
	h->ip.daddr = target ? target : ip.saddr;
	h->ip.check = ip4_checksum(&h->ip);
	/* The MACs of the network virtualization edges: here those by which the frame arrived. No adapter of the subnet has them. */
	mac_copy(h->inner.h_dest, macs + 6);
	mac_copy(h->inner.h_source, macs);
	h->inner.h_proto = bpf_htons(ETH_P_IP);
	h->nvgre.key &= bpf_htonl(0xffffff00);
	h->nvgre.flags = HNV_NVGRE_FLAGS;
	h->nvgre.proto = HNV_NVGRE_PROTO;
	h->outer.version = 4;
	h->outer.ihl = 5;
	h->outer.tot_len = bpf_htons(sizeof(*h) - HNV_ETH_LEN + length);
	h->outer.frag_off = HNV_DONT_FRAGMENT;
	h->outer.ttl = HNV_NVE_TTL;
	h->outer.protocol = HNV_IPPROTO_GRE;
	h->outer.saddr = ip.daddr;
	h->outer.daddr = ip.saddr;
	h->outer.check = ip4_checksum(&h->outer);
	mac_copy(h->eth.h_dest, macs + 6);
	mac_copy(h->eth.h_source, macs);
	h->eth.h_proto = bpf_htons(ETH_P_IP);
	if (bpf_skb_store_bytes(skb, 0, h, sizeof(*h), 0))
		return TC_ACT_SHOT;
	return redirect_marked(skb, uplink, HNV_MARK_ENCAPSULATED, BPF_F_INGRESS);
}

/* A copy of a frame that was sent on: becomes the REDIRECT to its sender, if its destination is a moved adapter still. */
static __noinline int redirect_sender(struct __sk_buff *skb)
{
	struct hnv_record *moved;
	__be32 key, target;
	__u8 mac[6];

	if (bpf_skb_load_bytes(skb, HNV_ETH_LEN + HNV_IP4_LEN + 4, &key, 4) ||
	    bpf_skb_load_bytes(skb, HNV_ETH_LEN + HNV_IP4_LEN + 8, mac, 6))
		return TC_ACT_SHOT;
	moved = find_moved(vsid_of(key), mac);
	if (!moved || moved->ifindex)
		return TC_ACT_SHOT;
	/* A host that has no IPv4 address has no place in the message. */
	if (!address_is_mapped4(&moved->pa))
		return TC_ACT_SHOT;
	target = address_to4(&moved->pa);
	return send_nve_message(skb, target);
}

/* The frame is about to be sent on to where its destination moved to: a copy of it tells its sender. */
static __always_inline void redirect_when_due(struct __sk_buff *skb, const struct hnv_decision *d, const struct hnv_frame *f, __be32 vsid,
					      const struct hnv_addr *sender)
{
	if (!HNV_FORM_HAS_MESSAGES || traced(d) || !any_moves() || !find_moved(vsid, f->dmac) || !error_is_due(skb, f) || !nve_message_allowed(sender))
		return;
	skb->mark = HNV_MARK_REDIRECT;
	bpf_clone_redirect(skb, skb->ifindex, BPF_F_INGRESS);
	skb->mark = 0;
}

/* A frame for a virtual subnet that is not here, from a host that policy names: it ends here, and becomes the UNREACHABLE about it. */
static __always_inline int drop_and_tell_peer(struct __sk_buff *skb, struct hnv_decision *d, const struct hnv_frame *f, const struct hnv_addr *sender)
{
	d->verdict = HNV_PolicyMissing;
	if (!HNV_FORM_HAS_MESSAGES || !error_is_due(skb, f) || (!traced(d) && !nve_message_allowed(sender)))
		return TC_ACT_SHOT;
	return send_nve_message(skb, 0);
}

/*
 * Whether a frame is a message of the host that sent it rather than of a VM: from the host's provider address, to no adapter of the
 * subnet. No VM can send that: its own host sends frames to MACs of the subnet only.
 */
static __always_inline int is_nve_message(const struct hnv_frame *f, __be32 vsid, const struct hnv_addr *pa)
{
	return HNV_FORM_HAS_MESSAGES && f->l4 == HNV_IPPROTO_ICMP && f->proto == bpf_htons(ETH_P_IP) && address_equal(&f->src, pa) && !mac_is_group(f->dmac) &&
	       !find_mac(vsid, f->dmac);
}

/*
 * REDIRECT is believed where policy says the same: the adapter moves, to just this host; and it comes from the host that the adapter
 * leaves, or from the new one itself. It is about a frame that we sent. UNREACHABLE changes nothing: the agent hears of it.
 * The frame ends here.
 */
static __noinline int take_nve_message(struct __sk_buff *skb, struct hnv_decision *d, const struct hnv_frame *f, __be32 vsid, const struct hnv_addr *pa)
{
	struct hnv_mac_key key = { .vsid = vsid };
	struct hnv_nve_quote q;
	struct hnv_addr target, local;
	struct hnv_move *move;

	if (f->flags || bpf_skb_load_bytes(skb, f->l4_offset, &q, sizeof(q)) || q.icmp.code != HNV_NVE_CODE || q.ip.version != 4 || q.ip.ihl != 5 ||
	    q.gre_proto != HNV_NVGRE_PROTO || bpf_ntohl(q.key) >> 8 != bpf_ntohl(vsid))
		return drop(d, HNV_RedirectRefused);
	local = address4(q.ip.saddr);
	if (!bpf_map_lookup_elem(&local_pas, &local))
		return drop(d, HNV_RedirectRefused);
	mac_copy(key.mac, q.eth.h_dest);
	if (q.icmp.type == HNV_NVE_UNREACHABLE) {
		if (!traced(d) && nve_message_allowed(pa))
			emit_move_event(HNV_EVENT_UNREACHABLE, &key, pa);
		return drop(d, HNV_UnreachableHeard);
	}
	if (q.icmp.type != HNV_NVE_REDIRECT)
		return drop(d, HNV_RedirectRefused);
	target = address4(q.icmp.rest);
	move = bpf_map_lookup_elem(&moves, &key);
	if (!move || address_is_zero(&move->to.pa) || !address_equal(&move->to.pa, &target) ||
	    !(address_equal(&move->from, pa) || address_equal(&target, pa)))
		return drop(d, HNV_RedirectRefused);
	if (!traced(d))
		activate(&key, &target);
	return drop(d, HNV_RedirectTaken);
}

#endif
