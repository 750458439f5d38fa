/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_ICMP_ERROR_H
#define HNV_ICMP_ERROR_H

#include "bucket.h"
#include "deliver.h"

/*
 * ICMP errors of the distributed gateway, made of the offending frame itself and sent back into its port. All of them are made
 * here, in the kernel: they work while no agent runs, and no user-space parser ever meets a hostile frame.
 */
enum hnv_icmp_error {
	HNV_ERROR_TOO_BIG,
	HNV_ERROR_TIME_EXCEEDED,
	HNV_ERROR_NO_ROUTE,
	HNV_ERROR_NO_HOST,
	HNV_ERROR_NO_PORT,
};

/* Bytes of the offending packet that are quoted, at most: its header and what tells a socket by (RFC 1122 3.2.2, RFC 4443 3). */
#define HNV_QUOTE 96

struct hnv_icmp_header {
	__u8 type, code;
	__be16 checksum;
	__be32 rest; /* MTU of "too big": the low half in ICMPv4 (RFC 1191), all of it in ICMPv6 */
};

struct hnv_icmp4_error {
	struct ethhdr eth;
	struct iphdr ip;
	struct hnv_icmp_header icmp;
} __attribute__((packed));
HNV_SIZE(struct hnv_icmp4_error, 42);

struct hnv_icmp6_error {
	struct ethhdr eth;
	struct ipv6hdr ip;
	struct hnv_icmp_header icmp;
} __attribute__((packed));
HNV_SIZE(struct hnv_icmp6_error, 62);

#define HNV_ERROR_BURST 50
#define HNV_ERROR_INTERVAL_NS (10ULL * 1000000) /* one token: 100 errors a second and port */

/* Takes tokens of the port's bucket, if `leaves` of them remain. */
static __always_inline int take_tokens(__u32 port_id, __u64 cost, __u64 leaves)
{
	return bucket_take(&icmp_limits, &port_id, cost, leaves, bpf_ktime_get_ns(), HNV_ERROR_INTERVAL_NS, HNV_ERROR_BURST);
}

static __always_inline int error_allowed(const struct hnv_decision *d, __u32 port_id)
{
	return traced(d) || take_tokens(port_id, 1, 0);
}

/* Errors never answer errors, later fragments, groups, or sources that are no single host (RFC 1122 3.2.2, RFC 4443 2.4). */
static __always_inline int error_is_due(struct __sk_buff *skb, const struct hnv_frame *f)
{
	__u8 type;

	if (f->flags & HNV_FRAME_LATER_FRAGMENT || mac_is_group(f->dmac) || address_is_unspecified(&f->src))
		return 0;
	if (f->proto == bpf_htons(ETH_P_IP)) {
		if (address_is_multicast4(&f->dst) || address_is_multicast4(&f->src))
			return 0;
		if (f->l4 != HNV_IPPROTO_ICMP)
			return 1;
		if (bpf_skb_load_bytes(skb, f->l4_offset, &type, 1))
			return 0;
		return type == 0 || type == 8 || type == 13 || type == 14;
	}
	if (address_is_multicast6(&f->dst) || address_is_multicast6(&f->src))
		return 0;
	if (f->l4 != HNV_IPPROTO_ICMPV6)
		return 1;
	if (bpf_skb_load_bytes(skb, f->l4_offset, &type, 1))
		return 0;
	return type >= 128 && type != 137;
}

/* Cuts the frame down to what will be quoted. Returns how long that is; 0: impossible. */
static __always_inline __u32 cut_to_quote(struct __sk_buff *skb)
{
	__u32 length = skb->len;

	if (length < HNV_ETH_LEN + HNV_IP4_LEN)
		return 0;
	length -= HNV_ETH_LEN;
	if (length <= HNV_QUOTE)
		return length;
	return bpf_skb_change_tail(skb, HNV_ETH_LEN + HNV_QUOTE, 0) ? 0 : HNV_QUOTE;
}

#define HNV_QUOTE_CHUNK 32

/* Sum of the quote, added to `sum`; -1: unreadable. Piece by piece, for the stack is small. */
static __always_inline __s64 sum_quote(struct __sk_buff *skb, __u32 length, __s64 sum)
{
	__u32 i;

	for (i = 0; i < HNV_QUOTE; i += HNV_QUOTE_CHUNK) {
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

static __noinline int send_error4(struct __sk_buff *skb, const struct hnv_port *port, const struct hnv_subnet *subnet, __u32 error,
				  __u32 mtu)
{
	struct hnv_icmp4_error h = {};
	__u32 length;
	__s64 sum;

	length = cut_to_quote(skb);
	if (!length || bpf_skb_load_bytes(skb, HNV_ETH_LEN + 12, &h.ip.daddr, 4))
		return -1;

	mac_copy(h.eth.h_dest, port->mac);
	mac_copy(h.eth.h_source, subnet->gateway_mac);
	h.eth.h_proto = bpf_htons(ETH_P_IP);
	h.ip.version = 4;
	h.ip.ihl = 5;
	h.ip.tos = 0xc0; /* internetwork control, RFC 1812 4.3.2.5 */
	h.ip.tot_len = bpf_htons(HNV_IP4_LEN + sizeof(struct hnv_icmp_header) + length);
	h.ip.ttl = 64;
	h.ip.protocol = HNV_IPPROTO_ICMP;
	h.ip.saddr = address_to4(&subnet->gateway4);
	h.ip.check = ip4_checksum(&h.ip);
	h.icmp.type = error == HNV_ERROR_TIME_EXCEEDED ? 11 : 3;
	h.icmp.code = error == HNV_ERROR_TOO_BIG ? 4 : error == HNV_ERROR_NO_HOST ? 1 : error == HNV_ERROR_NO_PORT ? 3 : 0;
	if (error == HNV_ERROR_TOO_BIG)
		h.icmp.rest = bpf_htonl(mtu & 0xffff);
	sum = sum_quote(skb, length, bpf_csum_diff(0, 0, (__be32 *)&h.icmp, sizeof(h.icmp), 0));
	if (sum < 0 || bpf_skb_change_head(skb, HNV_IP4_LEN + sizeof(struct hnv_icmp_header), 0))
		return -1;
	h.icmp.checksum = checksum_fold(sum);
	return bpf_skb_store_bytes(skb, 0, &h, sizeof(h), 0);
}

static __noinline int send_error6(struct __sk_buff *skb, const struct hnv_port *port, const struct hnv_subnet *subnet, __u32 error,
				  __u32 mtu)
{
	struct hnv_icmp6_error h = {};
	__be32 pseudo[2]; /* behind the addresses: length and next header, RFC 8200, 8.1 */
	__u32 length;
	__s64 sum;

	length = cut_to_quote(skb);
	if (!length || bpf_skb_load_bytes(skb, HNV_ETH_LEN + 8, &h.ip.daddr, 16))
		return -1;

	mac_copy(h.eth.h_dest, port->mac);
	mac_copy(h.eth.h_source, subnet->gateway_mac);
	h.eth.h_proto = bpf_htons(ETH_P_IPV6);
	h.ip.version = 6;
	h.ip.payload_len = bpf_htons(sizeof(struct hnv_icmp_header) + length);
	h.ip.nexthdr = HNV_IPPROTO_ICMPV6;
	h.ip.hop_limit = 64;
	__builtin_memcpy(&h.ip.saddr, &subnet->gateway6, 16);
	h.icmp.type = error == HNV_ERROR_TOO_BIG ? 2 : error == HNV_ERROR_TIME_EXCEEDED ? 3 : 1;
	h.icmp.code = error == HNV_ERROR_NO_HOST ? 3 : error == HNV_ERROR_NO_PORT ? 4 : 0;
	if (error == HNV_ERROR_TOO_BIG)
		h.icmp.rest = bpf_htonl(mtu);
	pseudo[0] = bpf_htonl(sizeof(struct hnv_icmp_header) + length);
	pseudo[1] = bpf_htonl(HNV_IPPROTO_ICMPV6);
	sum = bpf_csum_diff(0, 0, (__be32 *)&h.ip.saddr, 32, 0);
	sum = bpf_csum_diff(0, 0, pseudo, sizeof(pseudo), sum);
	sum = bpf_csum_diff(0, 0, (__be32 *)&h.icmp, sizeof(h.icmp), sum);
	sum = sum_quote(skb, length, sum);
	if (sum < 0 || bpf_skb_change_head(skb, HNV_IP6_LEN + sizeof(struct hnv_icmp_header), 0))
		return -1;
	h.icmp.checksum = checksum_fold(sum);
	return bpf_skb_store_bytes(skb, 0, &h, sizeof(h), 0);
}

/* Drops the frame for the reason that the decision has, and tells its sender. */
static __always_inline int drop_and_tell(struct __sk_buff *skb, struct hnv_decision *d, const struct hnv_port *port,
					 const struct hnv_frame *f, __u32 error, __u32 mtu)
{
	struct hnv_subnet *subnet;
	__be32 vsid = port->vsid;
	int failed;

	if (!error_is_due(skb, f))
		return TC_ACT_SHOT;
	subnet = bpf_map_lookup_elem(&subnets, &vsid);
	if (!subnet || address_is_zero(f->proto == bpf_htons(ETH_P_IP) ? &subnet->gateway4 : &subnet->gateway6))
		return TC_ACT_SHOT;
	if (!error_allowed(d, port->port_id)) {
		d->verdict = HNV_ErrorRateLimited;
		return TC_ACT_SHOT;
	}
	failed = f->proto == bpf_htons(ETH_P_IP) ? send_error4(skb, port, subnet, error, mtu) :
						   send_error6(skb, port, subnet, error, mtu);
	if (failed)
		return drop(d, HNV_Internal);
	return reply(skb, f);
}

#endif
