/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_ROUTER_ADVERTISEMENT_H
#define HNV_ROUTER_ADVERTISEMENT_H

#include "answer.h"
#include "source_guard.h"

/*
 * Router advertisements of the distributed gateway (RFC 4861). A VM that solicits gets one. A router has to repeat them, or hosts lose
 * their default route; here that hangs on the VM's own frames, for programs have no clock to act by. At neighbour discovery messages,
 * and at one of 64 frames to the gateway, the time of the port's last advertisement is looked at. When it is too long ago, or the
 * message is another by now, a copy of the frame enters the port's ingress again, with a mark, and becomes the advertisement. The
 * frame itself goes its way.
 */
#define HNV_ADVERTISE_EVERY 64
#define HNV_ADVERTISE_NS (600ULL * 1000000000)

#define HNV_SOLICITATION 133
#define HNV_SOLICITATION_SOURCE 1 /* option: source link-layer address */
#define HNV_SOLICITATION_MAX_OPTIONS 8

struct hnv_advertisement_head {
	struct ethhdr eth;
	struct ipv6hdr ip;
} __attribute__((packed));
HNV_SIZE(struct hnv_advertisement_head, 54);

/* A router solicitation (RFC 4861, 4.1 and 6.1.1): every link-layer address in it is the sender's own. Returns HNV_None or the verdict. */
__noinline int check_solicitation(struct __sk_buff *skb, __u32 l4)
{
	__u32 ifindex = skb->ifindex, offset = l4 + 8;
	struct hnv_port *port = bpf_map_lookup_elem(&ports, &ifindex);
	__u8 option[8];
	int i;

	if (!port)
		return HNV_PortUnbound;
	if (bpf_skb_load_bytes(skb, l4, option, 8) || option[1])
		return HNV_Malformed;
	for (i = 0; i < HNV_SOLICITATION_MAX_OPTIONS; i++) {
		if (offset >= skb->len)
			return HNV_None;
		if (bpf_skb_load_bytes(skb, offset, option, 8) || !option[1])
			return HNV_Malformed;
		if (option[0] == HNV_SOLICITATION_SOURCE && (option[1] != 1 || !mac_equal(option + 2, port->mac)))
			return HNV_SourceCaMacMismatch;
		offset += option[1] * 8;
	}
	return HNV_Malformed;
}

/* Turns the frame into an advertisement to its IPv6 source, or to all nodes. */
__noinline int answer_with_advertisement(struct __sk_buff *skb, __u32 to_source)
{
	struct hnv_advertisement_head *h = answer_begin();
	__u32 ifindex = skb->ifindex, port_id, length;
	struct hnv_router_advertisement *ra;
	struct hnv_advertised sent = {};
	struct hnv_subnet *subnet;
	struct hnv_port *port;
	__be32 pseudo[2], vsid;
	__u16 checksum;
	__u8 *to;
	__s64 sum;

	port = bpf_map_lookup_elem(&ports, &ifindex);
	if (!h || !port)
		return HNV_Internal;
	vsid = port->vsid;
	port_id = port->port_id;
	ra = bpf_map_lookup_elem(&router_advertisements, &vsid);
	subnet = bpf_map_lookup_elem(&subnets, &vsid);
	if (!ra || !subnet)
		return HNV_None;
	length = ra->length;
	if (!length || length > HNV_OPTIONS)
		return HNV_Internal;
	__builtin_memset(h, 0, sizeof(*h));
	to = h->ip.daddr.in6_u.u6_addr8;
	if (to_source && bpf_skb_load_bytes(skb, HNV_ETH_LEN + 8, to, 16))
		return HNV_Malformed;
	if (to[0]) {
		mac_copy(h->eth.h_dest, port->mac);
	} else { /* a solicitation from :: */
		to[0] = 0xff;
		to[1] = 2;
		to[15] = 1;
		h->eth.h_dest[0] = 0x33;
		h->eth.h_dest[1] = 0x33;
		h->eth.h_dest[5] = 1;
	}
	mac_copy(h->eth.h_source, subnet->gateway_mac);
	h->eth.h_proto = bpf_htons(ETH_P_IPV6);
	h->ip.version = 6;
	h->ip.payload_len = bpf_htons(length);
	h->ip.nexthdr = HNV_IPPROTO_ICMPV6;
	h->ip.hop_limit = 255;
	write_link_local(h->ip.saddr.in6_u.u6_addr8, subnet->gateway_mac);
	pseudo[0] = bpf_htonl(length);
	pseudo[1] = bpf_htonl(HNV_IPPROTO_ICMPV6);
	sum = bpf_csum_diff(0, 0, pseudo, sizeof(pseudo), 0);
	sum = bpf_csum_diff(0, 0, (__be32 *)&h->ip.saddr, 32, sum);
	checksum = checksum_fold(sum_options(ra->message, sum));
	if (skb->mark != HNV_MARK_TRACE) {
		sent.ns = bpf_ktime_get_boot_ns();
		sent.revision = ra->revision;
		bpf_map_update_elem(&advertised, &port_id, &sent, BPF_ANY);
	}
	if (resize(skb, sizeof(*h) + length) || bpf_skb_store_bytes(skb, 0, h, sizeof(*h), 0) ||
	    store(skb, sizeof(*h), ra->message, length, HNV_OPTIONS) || bpf_skb_store_bytes(skb, sizeof(*h) + 2, &checksum, 2, 0))
		return HNV_Internal;
	return HNV_ConfigurationAnswered;
}

/* Sends a copy of the frame through the port's ingress when its VM has to hear an advertisement again. */
__noinline int advertise_when_due(struct __sk_buff *skb)
{
	__u32 ifindex = skb->ifindex, port_id;
	struct hnv_router_advertisement *ra;
	struct hnv_advertised *last;
	struct hnv_port *port;
	__be32 vsid;

	port = bpf_map_lookup_elem(&ports, &ifindex);
	if (!port || skb->mark)
		return 0;
	vsid = port->vsid;
	port_id = port->port_id;
	ra = bpf_map_lookup_elem(&router_advertisements, &vsid);
	if (!ra)
		return 0;
	last = bpf_map_lookup_elem(&advertised, &port_id);
	if (last && last->revision == ra->revision && bpf_ktime_get_boot_ns() < last->ns + HNV_ADVERTISE_NS)
		return 0;
	skb->mark = HNV_MARK_ADVERTISE;
	bpf_clone_redirect(skb, ifindex, BPF_F_INGRESS);
	skb->mark = 0;
	return 0;
}

/*
 * Neighbour discovery from a VM: answers a router solicitation where the distributed gateway advertises itself. HNV_NOT_ANSWERED for
 * everything else.
 */
static __always_inline int router_discovery_from_vm(struct __sk_buff *skb, struct hnv_decision *d, const struct hnv_port *port,
						    const struct hnv_frame *f, __u8 type)
{
	__be32 vsid = port->vsid;
	__u32 verdict;

	if (type != HNV_SOLICITATION) {
		advertise_when_due(skb);
		return HNV_NOT_ANSWERED;
	}
	if (!mac_is_group(f->dmac) || !bpf_map_lookup_elem(&router_advertisements, &vsid))
		return HNV_NOT_ANSWERED;
	/* Behind an extension header it would pass as something else (RFC 6980). */
	if (f->flags & (HNV_FRAME_EXTENDED | HNV_FRAME_FRAGMENT) || f->ttl != 255)
		return drop(d, HNV_Malformed);
	if (!mac_equal(f->smac, port->mac))
		return drop(d, HNV_SourceCaMacMismatch);
	verdict = address_is_zero(&f->src) ? HNV_None : guard_source(port, f->ifindex, f);
	if (!verdict)
		verdict = check_solicitation(skb, f->l4_offset);
	if (verdict)
		return drop(d, verdict);
	return conclude(skb, d, f, answer_with_advertisement(skb, 1));
}

#endif
