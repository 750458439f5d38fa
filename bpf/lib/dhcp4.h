/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_DHCP4_H
#define HNV_DHCP4_H

#include "answer.h"

/* The DHCP server of a subnet with a pool (RFC 2131). The lease is policy: nothing is allocated here and nothing is remembered. */

/* RFC 2131, figure 1, with the magic cookie that the options begin with. */
struct hnv_bootp {
	__u8 op, htype, hlen, hops;
	__be32 xid;
	__be16 secs, flags;
	__be32 ciaddr, yiaddr, siaddr, giaddr;
	__u8 chaddr[16];
	__u8 sname[64];
	__u8 file[128];
	__be32 cookie;
} __attribute__((packed));
HNV_SIZE(struct hnv_bootp, 240);

#define HNV_DHCP4_COOKIE bpf_htonl(0x63825363)
#define HNV_DHCP4_BROADCAST bpf_htons(0x8000)
#define HNV_DHCP4_SERVER bpf_htons(67)
#define HNV_DHCP4_CLIENT bpf_htons(68)

#define HNV_DHCP4_DISCOVER 1
#define HNV_DHCP4_OFFER 2
#define HNV_DHCP4_REQUEST 3
#define HNV_DHCP4_DECLINE 4
#define HNV_DHCP4_ACK 5
#define HNV_DHCP4_NAK 6
#define HNV_DHCP4_RELEASE 7
#define HNV_DHCP4_INFORM 8

/* Options that are looked at, pads included, before a message is taken for an attack. */
#define HNV_DHCP4_MAX_OPTIONS 32

/* What stands in front of the subnet's options, a multiple of 4. What a message does not have is padded: pad is zero. */
struct hnv_dhcp4_own {
	__u8 type[3];          /* 53 */
	__u8 server[2];        /* 54 */
	__be32 server_id;
	__u8 lease[2];         /* 51 */
	__be32 lease_seconds;
	__u8 renewal[2];       /* 58 */
	__be32 renewal_seconds;
	__u8 rebinding[2];     /* 59 */
	__be32 rebinding_seconds;
	__u8 rapid_commit[2];  /* 80 */
	__u8 pad[3];
} __attribute__((packed));
HNV_SIZE(struct hnv_dhcp4_own, 32);

struct hnv_dhcp4_answer {
	struct ethhdr eth;
	struct iphdr ip;
	struct udphdr udp;
	struct hnv_bootp bootp;
	struct hnv_dhcp4_own own;
} __attribute__((packed));
HNV_SIZE(struct hnv_dhcp4_answer, 314);

/* Client identifier (RFC 6842: it is given back), end, and zeros up to the 300 bytes that BOOTP clients insist on. */
#define HNV_DHCP4_TAIL 264
#define HNV_DHCP4_TAIL_LEAST 28

struct hnv_dhcp4_work {
	struct hnv_bootp request;
	__be32 wanted;            /* option 50 */
	__be32 server;            /* option 54 */
	__u32 client_id;          /* offset of option 61's content */
	__u16 largest;            /* option 57, host byte order */
	__u8 client_id_length;
	__u8 type;                /* option 53 */
	__u8 rapid_commit, ended;
	__u8 answer_type;
	__u8 zero;
	__u16 align;              /* puts the answer's IP header on a word */
	struct hnv_dhcp4_answer answer;
	__u8 tail[HNV_DHCP4_TAIL];
} __attribute__((packed));
_Static_assert(sizeof(struct hnv_dhcp4_work) <= HNV_ANSWER_ROOM, "does not fit");

/* Notes the options between the offsets. Returns HNV_None or the verdict. */
static __always_inline __u32 parse_dhcp4_options(struct __sk_buff *skb, struct hnv_dhcp4_work *w, __u32 offset, __u32 end)
{
	int i;

	w->wanted = 0;
	w->server = 0;
	w->client_id_length = 0;
	w->largest = 0;
	w->type = 0;
	w->rapid_commit = 0;
	w->ended = 0;
	for (i = 0; i < HNV_DHCP4_MAX_OPTIONS; i++) {
		__u8 code, length;

		if (offset >= end || bpf_skb_load_bytes(skb, offset, &code, 1))
			return HNV_Malformed;
		if (code == 255) {
			w->ended = 1;
			break;
		}
		offset++;
		if (code == 0)
			continue;
		if (bpf_skb_load_bytes(skb, offset, &length, 1))
			return HNV_Malformed;
		offset++;
		if (offset + length > end)
			return HNV_Malformed;
		if (code == 53) {
			if (length != 1 || bpf_skb_load_bytes(skb, offset, &w->type, 1))
				return HNV_Malformed;
		} else if (code == 50) {
			if (length != 4 || bpf_skb_load_bytes(skb, offset, &w->wanted, 4))
				return HNV_Malformed;
		} else if (code == 54) {
			if (length != 4 || bpf_skb_load_bytes(skb, offset, &w->server, 4))
				return HNV_Malformed;
		} else if (code == 57) {
			__be16 largest;

			if (length != 2 || bpf_skb_load_bytes(skb, offset, &largest, 2))
				return HNV_Malformed;
			w->largest = bpf_ntohs(largest);
		} else if (code == 61) {
			if (length < 2)
				return HNV_Malformed;
			w->client_id = offset;
			w->client_id_length = length;
		} else if (code == 80) {
			w->rapid_commit = 1;
		}
		offset += length;
	}
	return w->ended && w->type ? HNV_None : HNV_Malformed;
}

/* What the request is answered with: HNV_DHCP4_OFFER, ACK or NAK; 0: with nothing; -1: it is another server's. */
static __always_inline int answer_type4(const struct hnv_dhcp4_work *w, const struct hnv_dhcp4 *config, __be32 address)
{
	__be32 wanted = w->request.ciaddr ? w->request.ciaddr : w->wanted;

	if (w->server && w->server != config->server)
		return -1;
	switch (w->type) {
	case HNV_DHCP4_DISCOVER:
		return w->rapid_commit ? HNV_DHCP4_ACK : HNV_DHCP4_OFFER;
	case HNV_DHCP4_REQUEST:
		return wanted == address ? HNV_DHCP4_ACK : HNV_DHCP4_NAK;
	case HNV_DHCP4_INFORM:
		return HNV_DHCP4_ACK;
	case HNV_DHCP4_DECLINE:
	case HNV_DHCP4_RELEASE:
		return 0;
	default:
		return -1;
	}
}

/* Client identifier and end behind the options. Returns how long that is, a multiple of 4; 0: impossible. */
static __always_inline __u32 write_dhcp4_tail(struct __sk_buff *skb, struct hnv_dhcp4_work *w)
{
	__u32 length = w->client_id_length, used = 0;

	__builtin_memset(w->tail, 0, HNV_DHCP4_TAIL);
	if (length) {
		w->tail[0] = 61;
		w->tail[1] = length;
		if (bpf_skb_load_bytes(skb, w->client_id, w->tail + 2, at_most(length, 255)))
			return 0;
		used = length + 2;
	}
	if (used > 257)
		return 0;
	w->tail[used] = 255;
	used = (used + 4) & ~3U;
	return used < HNV_DHCP4_TAIL_LEAST ? HNV_DHCP4_TAIL_LEAST : used;
}

/* Where the answer goes: RFC 2131, 4.1. */
static __always_inline void address_dhcp4(struct hnv_dhcp4_work *w, const struct hnv_port *port, __u32 type)
{
	struct hnv_dhcp4_answer *a = &w->answer;
	__be32 to = 0;

	if (type != HNV_DHCP4_NAK) {
		if (w->request.ciaddr)
			to = w->request.ciaddr;
		else if (!(w->request.flags & HNV_DHCP4_BROADCAST))
			to = a->bootp.yiaddr;
	}
	if (to) {
		a->ip.daddr = to;
		mac_copy(a->eth.h_dest, port->mac);
	} else {
		a->ip.daddr = 0xffffffff;
		__builtin_memset(a->eth.h_dest, 0xff, 6);
	}
}

/* Writes headers and options of the answer; lengths and checksums come later. */
static __always_inline void write_dhcp4_head(struct hnv_dhcp4_work *w, const struct hnv_port *port, const struct hnv_subnet *subnet,
					     const struct hnv_dhcp4 *config, __be32 address, __u32 type)
{
	struct hnv_dhcp4_answer *a = &w->answer;
	int inform = w->type == HNV_DHCP4_INFORM;

	__builtin_memset(a, 0, sizeof(*a));
	mac_copy(a->eth.h_source, subnet->gateway_mac);
	a->eth.h_proto = bpf_htons(ETH_P_IP);
	a->ip.version = 4;
	a->ip.ihl = 5;
	a->ip.frag_off = bpf_htons(0x4000);
	a->ip.ttl = 64;
	a->ip.protocol = HNV_IPPROTO_UDP;
	a->ip.saddr = config->server;
	a->udp.source = HNV_DHCP4_SERVER;
	a->udp.dest = HNV_DHCP4_CLIENT;
	a->bootp.op = 2;
	a->bootp.htype = 1;
	a->bootp.hlen = 6;
	a->bootp.xid = w->request.xid;
	a->bootp.flags = w->request.flags;
	__builtin_memcpy(a->bootp.chaddr, w->request.chaddr, 16);
	a->bootp.cookie = HNV_DHCP4_COOKIE;
	a->own.type[0] = 53;
	a->own.type[1] = 1;
	a->own.type[2] = type;
	a->own.server[0] = 54;
	a->own.server[1] = 4;
	a->own.server_id = config->server;
	if (type == HNV_DHCP4_ACK)
		a->bootp.ciaddr = w->request.ciaddr;
	if (type != HNV_DHCP4_NAK && !inform) {
		__u32 seconds = config->lease_seconds;

		a->bootp.yiaddr = address;
		a->own.lease[0] = 51;
		a->own.lease[1] = 4;
		a->own.lease_seconds = bpf_htonl(seconds);
		a->own.renewal[0] = 58;
		a->own.renewal[1] = 4;
		a->own.renewal_seconds = bpf_htonl(seconds / 2);
		a->own.rebinding[0] = 59;
		a->own.rebinding[1] = 4;
		a->own.rebinding_seconds = bpf_htonl(seconds - seconds / 8);
		if (w->type == HNV_DHCP4_DISCOVER && type == HNV_DHCP4_ACK)
			a->own.rapid_commit[0] = 80;
	}
	address_dhcp4(w, port, type);
}

/* Lengths and checksums; then the skb becomes the answer. */
static __always_inline __u32 send_dhcp4(struct __sk_buff *skb, struct hnv_dhcp4_work *w, struct hnv_dhcp4 *config, __u32 options,
					__u32 tail)
{
	struct hnv_dhcp4_answer *a = &w->answer;
	__u32 total = sizeof(*a) + options + tail;
	struct {
		__be32 source, destination;
		__u8 zero, protocol;
		__be16 length;
	} pseudo = { .source = a->ip.saddr, .destination = a->ip.daddr, .protocol = HNV_IPPROTO_UDP };
	__s64 sum;

	a->ip.tot_len = bpf_htons(total - HNV_ETH_LEN);
	a->ip.check = ip4_checksum(&a->ip);
	a->udp.len = bpf_htons(total - HNV_ETH_LEN - HNV_IP4_LEN);
	pseudo.length = a->udp.len;
	sum = bpf_csum_diff(0, 0, (__be32 *)&pseudo, sizeof(pseudo), 0);
	sum = bpf_csum_diff(0, 0, (__be32 *)&a->udp, sizeof(*a) - HNV_ETH_LEN - HNV_IP4_LEN, sum);
	sum = bpf_csum_diff(0, 0, (__be32 *)config->options, options, sum);
	sum = bpf_csum_diff(0, 0, (__be32 *)w->tail, tail, sum);
	a->udp.check = checksum_fold(sum);
	if (!a->udp.check)
		a->udp.check = 0xffff;
	if (resize(skb, total) || bpf_skb_store_bytes(skb, 0, a, sizeof(*a), 0) ||
	    store(skb, sizeof(*a), config->options, options, HNV_OPTIONS) || store(skb, sizeof(*a) + options, w->tail, tail, HNV_DHCP4_TAIL))
		return HNV_Internal;
	return HNV_ConfigurationAnswered;
}

/* Reads a UDP packet from port 68 to 67 whose Ethernet and IPv4 source was guarded; `l4` is where its UDP header begins. */
__noinline int read_dhcp4(struct __sk_buff *skb, __u32 l4)
{
	__u32 ifindex = skb->ifindex, port_id, verdict, end;
	struct hnv_dhcp4_work *w = answer_begin();
	struct hnv_dhcp4 *config;
	struct hnv_lease *lease;
	struct hnv_port *port;
	__be16 total, length;
	__be32 vsid;
	int type;

	port = bpf_map_lookup_elem(&ports, &ifindex);
	if (!w || !port)
		return HNV_Internal;
	vsid = port->vsid;
	port_id = port->port_id;
	config = bpf_map_lookup_elem(&dhcp4, &vsid);
	lease = bpf_map_lookup_elem(&leases, &port_id);
	if (!config || !lease || address_is_zero(&lease->address4))
		return HNV_None;

	if (bpf_skb_load_bytes(skb, HNV_ETH_LEN + 2, &total, 2) || bpf_skb_load_bytes(skb, l4 + 4, &length, 2))
		return HNV_Malformed;
	end = l4 + bpf_ntohs(length);
	l4 += sizeof(struct udphdr);
	if (end < l4 + sizeof(w->request) || end > HNV_ETH_LEN + (__u32)bpf_ntohs(total) ||
	    bpf_skb_load_bytes(skb, l4, &w->request, sizeof(w->request)))
		return HNV_Malformed;
	/* BOOTP, other links, and what a relay agent in the VM passes on: not for this server. */
	if (w->request.op != 1 || w->request.htype != 1 || w->request.hlen != 6 || w->request.giaddr || w->request.cookie != HNV_DHCP4_COOKIE)
		return HNV_None;
	if (!mac_equal(w->request.chaddr, port->mac))
		return HNV_SourceCaMacMismatch;
	verdict = parse_dhcp4_options(skb, w, l4 + sizeof(w->request), end);
	if (verdict)
		return verdict;
	if (w->type == HNV_DHCP4_REQUEST && !w->request.ciaddr && !w->wanted)
		return HNV_Malformed;
	type = answer_type4(w, config, address_to4(&lease->address4));
	if (type < 0)
		return HNV_None;
	w->answer_type = type;
	return type ? HNV_ANSWER_READY : HNV_ConfigurationAnswered | HNV_ANSWER_SILENT;
}

/* Makes the skb the answer to what was read. */
__noinline int write_dhcp4(struct __sk_buff *skb)
{
	__u32 ifindex = skb->ifindex, port_id, options = 0, tail;
	struct hnv_dhcp4_work *w = answer_begin();
	struct hnv_dhcp4 *config;
	struct hnv_subnet *subnet;
	struct hnv_lease *lease;
	struct hnv_port *port;
	__be32 vsid;

	port = bpf_map_lookup_elem(&ports, &ifindex);
	if (!w || !port)
		return HNV_Internal;
	vsid = port->vsid;
	port_id = port->port_id;
	config = bpf_map_lookup_elem(&dhcp4, &vsid);
	lease = bpf_map_lookup_elem(&leases, &port_id);
	subnet = bpf_map_lookup_elem(&subnets, &vsid);
	if (!config || !lease || !subnet)
		return HNV_None;
	tail = write_dhcp4_tail(skb, w);
	if (w->answer_type != HNV_DHCP4_NAK) {
		options = config->length;
		if (sizeof(w->answer) - HNV_ETH_LEN + options + tail > (w->largest < 576 ? 576 : w->largest))
			options = config->short_length;
	}
	write_dhcp4_head(w, port, subnet, config, address_to4(&lease->address4), w->answer_type);
	/* The verifier wants to see bounds where they are used. */
	barrier_var(tail);
	barrier_var(options);
	if (!tail || tail > HNV_DHCP4_TAIL || options > HNV_OPTIONS)
		return HNV_Internal;
	return send_dhcp4(skb, w, config, options, tail);
}

/*
 * UDP from a VM over IPv4 that may be for the subnet's DHCP server; HNV_NOT_ANSWERED when it is not. Its source is 0.0.0.0, or was
 * guarded.
 */
static __always_inline int dhcp4_from_vm(struct __sk_buff *skb, struct hnv_decision *d, const struct hnv_port *port,
					 const struct hnv_frame *f)
{
	__be32 vsid = port->vsid;
	__be16 ports[2];
	__u32 verdict;

	if (f->flags & HNV_FRAME_FRAGMENT || bpf_skb_load_bytes(skb, f->l4_offset, ports, 4) || ports[0] != HNV_DHCP4_CLIENT ||
	    ports[1] != HNV_DHCP4_SERVER || (mac_is_group(f->dmac) && address_to4(&f->dst) != 0xffffffff))
		return HNV_NOT_ANSWERED;
	if (!bpf_map_lookup_elem(&dhcp4, &vsid))
		return HNV_NOT_ANSWERED;
	if (!mac_equal(f->smac, port->mac))
		return drop(d, HNV_SourceCaMacMismatch);
	verdict = read_dhcp4(skb, f->l4_offset);
	return conclude(skb, d, f, verdict == HNV_ANSWER_READY ? write_dhcp4(skb) : verdict);
}

#endif
