/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_PARSE_H
#define HNV_PARSE_H

#include <linux/ip.h>
#include <linux/ipv6.h>
#include "address.h"
#include "decide.h"
#include "form.h"

/* What the programs need to know of a tenant's frame; copied out once, so that no packet pointer outlives a helper call. */
struct hnv_frame {
	__u8 dmac[6];
	__u8 smac[6];
	__u32 ifindex;       /* interface it came in by */
	__be16 proto;        /* EtherType: IPv4, IPv6, ARP or RARP */
	__u8 l4;             /* protocol behind all extension headers */
	__u8 flags;          /* HNV_FRAME_* */
	__u16 l4_offset;     /* from the frame's first byte */
	__u8 ttl;
	__u8 tos;            /* DSCP and ECN */
	struct hnv_addr src; /* unset for ARP */
	struct hnv_addr dst;
};

#define HNV_FRAME_FRAGMENT 0x1       /* part of a fragmented packet */
#define HNV_FRAME_LATER_FRAGMENT 0x2 /* and not the first one: no layer-4 header */
#define HNV_FRAME_EXTENDED 0x4       /* IPv6 extension headers stand before layer 4 */

/* Makes the first `want` bytes, or all there are, readable directly. */
static __always_inline int make_linear(struct __sk_buff *skb, __u32 want)
{
	if (want > skb->len)
		want = skb->len;
	if ((void *)(long)skb->data + want <= (void *)(long)skb->data_end)
		return 0;
	return bpf_skb_pull_data(skb, want);
}

static __always_inline __u32 parse_ipv4(struct __sk_buff *skb, __u32 base, struct hnv_frame *f)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct iphdr *ip = data + base + HNV_ETH_LEN;
	__u32 header, total, fragment;

	if ((void *)(ip + 1) > end || ip->version != 4 || ip->ihl < 5)
		return HNV_Malformed;
	header = ip->ihl * 4;
	total = bpf_ntohs(ip->tot_len);
	/* Only a super-packet may say 0, when its length does not fit (BIG TCP). */
	if (total < header ? total || !skb->gso_size : base + HNV_ETH_LEN + total > skb->len)
		return HNV_Malformed;
	if (base + HNV_ETH_LEN + header > skb->len)
		return HNV_Malformed;
	fragment = bpf_ntohs(ip->frag_off);
	if (fragment & 0x1fff)
		f->flags |= HNV_FRAME_FRAGMENT | HNV_FRAME_LATER_FRAGMENT;
	else if (fragment & 0x2000)
		f->flags |= HNV_FRAME_FRAGMENT;
	f->l4 = ip->protocol;
	f->ttl = ip->ttl;
	f->tos = ip->tos;
	f->l4_offset = base + HNV_ETH_LEN + header;
	f->src = address4(ip->saddr);
	f->dst = address4(ip->daddr);
	return HNV_None;
}

/* Extension headers in front of layer 4 that are walked; more are taken for an evasion (RFC 7045, RFC 8200 section 4). */
#define HNV_MAX_EXTENSIONS 6

static __always_inline __u32 parse_ipv6(struct __sk_buff *skb, __u32 base, struct hnv_frame *f)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct ipv6hdr *ip = data + base + HNV_ETH_LEN;
	__u32 offset = base + HNV_ETH_LEN + HNV_IP6_LEN, payload, limit;
	__u8 next;
	int i;

	if ((void *)(ip + 1) > end || ip->version != 6)
		return HNV_Malformed;
	payload = bpf_ntohs(ip->payload_len);
	if (payload ? offset + payload > skb->len : skb->len > offset && !skb->gso_size && ip->nexthdr != 59)
		return HNV_Malformed;
	/* Bytes behind the packet are no part of it: a header chain that reaches into them would be read differently by its receiver. */
	limit = payload ? offset + payload : skb->len;
	f->ttl = ip->hop_limit;
	f->tos = ip->priority << 4 | ip->flow_lbl[0] >> 4;
	__builtin_memcpy(&f->src, &ip->saddr, 16);
	__builtin_memcpy(&f->dst, &ip->daddr, 16);
	/* Mapped addresses never appear on a wire (RFC 4038, 4.2); here they would meet IPv4 records. */
	if (address_is_mapped4(&f->src) || address_is_mapped4(&f->dst))
		return HNV_Malformed;
	next = ip->nexthdr;
	for (i = 0; i < HNV_MAX_EXTENSIONS; i++) {
		__u8 header[8];

		if (next != 0 && next != 43 && next != 44 && next != 60 && next != 51 && next != 135)
			break;
		if (bpf_skb_load_bytes(skb, offset, header, 8))
			return HNV_Malformed;
		f->flags |= HNV_FRAME_EXTENDED;
		if (next == 44) {
			__u32 fragment = header[2] << 8 | header[3];

			f->flags |= HNV_FRAME_FRAGMENT;
			offset += 8;
			next = header[0];
			if (fragment & 0xfff8) {
				f->flags |= HNV_FRAME_LATER_FRAGMENT;
				break;
			}
			continue;
		}
		/* Authentication headers count 4-byte words less 2, the others 8-byte words less 1. */
		offset += next == 51 ? (header[1] + 2) * 4 : (header[1] + 1) * 8;
		next = header[0];
	}
	if (i == HNV_MAX_EXTENSIONS || offset > limit)
		return HNV_Malformed;
	/* Nor does ICMPv6 begin there: what it is would be decided by those bytes. */
	if (next == HNV_IPPROTO_ICMPV6 && offset == limit && !(f->flags & HNV_FRAME_LATER_FRAGMENT))
		return HNV_Malformed;
	f->l4 = next;
	f->l4_offset = offset;
	return HNV_None;
}

static __always_inline __u32 parse_at(struct __sk_buff *skb, __u32 base, struct hnv_frame *f)
{
	void *data, *end;
	struct ethhdr *eth;

	f->ifindex = skb->ifindex;
	if (make_linear(skb, base + HNV_ETH_LEN + HNV_IP6_LEN))
		return HNV_Malformed;
	data = (void *)(long)skb->data;
	end = (void *)(long)skb->data_end;
	eth = data + base;
	if ((void *)(eth + 1) > end)
		return HNV_Malformed;
	mac_copy(f->dmac, eth->h_dest);
	mac_copy(f->smac, eth->h_source);
	f->proto = eth->h_proto;
	if (mac_is_group(f->smac))
		return HNV_Malformed;
	switch (f->proto) {
	case bpf_htons(ETH_P_IP):
		return parse_ipv4(skb, base, f);
	case bpf_htons(ETH_P_IPV6):
		return parse_ipv6(skb, base, f);
	case bpf_htons(ETH_P_ARP):
	case bpf_htons(ETH_P_RARP):
		return skb->len < base + HNV_ETH_LEN + HNV_ARP_LEN ? HNV_Malformed : HNV_None;
	case bpf_htons(ETH_P_8021Q):
	case bpf_htons(ETH_P_8021AD):
		return base ? HNV_InnerVlanTag : HNV_UnsupportedFrameType;
	default:
		return HNV_UnsupportedFrameType;
	}
}

/*
 * Reads the Ethernet frame that the skb begins with into `f`, which is zeros. Anything but plain IPv4, IPv6 and ARP is refused here; RARP is for
 * the caller to refuse. Returns HNV_None or the verdict.
 * A global function, which the verifier looks at alone: what it learned about the headers would multiply the ways through all that follows.
 */
__noinline int parse_frame(struct __sk_buff *skb, struct hnv_frame *f)
{
	return f ? parse_at(skb, 0, f) : HNV_Internal;
}

/* As parse_frame(), of the frame in a packet of the form that this object reads. */
__noinline int parse_inner(struct __sk_buff *skb, struct hnv_frame *f)
{
	return f ? parse_at(skb, HNV_INNER, f) : HNV_Internal;
}

/* Length of the largest IP packet that will be on a wire: a super-packet counts by its segments. */
static __always_inline __u32 wire_length(struct __sk_buff *skb, __u32 base, const struct hnv_frame *f)
{
	__u32 headers = f->l4_offset - base - HNV_ETH_LEN;
	__u8 offset = 0;

	if (!skb->gso_size)
		return skb->len - base - HNV_ETH_LEN;
	if (f->l4 != HNV_IPPROTO_TCP)
		return headers + 8 + skb->gso_size;
	if (bpf_skb_load_bytes(skb, f->l4_offset + 12, &offset, 1))
		return skb->len - base - HNV_ETH_LEN;
	return headers + (offset >> 4) * 4 + skb->gso_size;
}

#endif
