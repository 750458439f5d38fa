/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_DHCP_SNOOP_H
#define HNV_DHCP_SNOOP_H

#include "learn.h"
#include "parse.h"

/*
 * What a DHCP server gives to a VM is that VM's address: it is claimed for it when the server's word is delivered. Only a free address: the
 * word of a server, which is a VM too, takes nothing from a living holder. A client that announces what it got claims by ARP or ND then.
 * Malformed messages claim nothing and go on: they are between the client and its server.
 *
 * RFC 2131, figure 1:  op htype hlen hops | xid | secs flags | ciaddr | yiaddr | siaddr | giaddr | chaddr 16 | sname 64 | file 128 | cookie | options
 */
#define HNV_DHCP_CIADDR 12
#define HNV_DHCP_YIADDR 16
#define HNV_DHCP_CHADDR 28
#define HNV_DHCP_COOKIE 236
#define HNV_DHCP_OPTIONS 240
#define HNV_DHCP_MAGIC bpf_htonl(0x63825363)
#define HNV_DHCP_MAX_OPTIONS 48
#define HNV_DHCP_ACK 5
#define HNV_DHCP_RELEASE 7

#define HNV_DHCPV6_RELEASE 8
#define HNV_DHCPV6_REPLY 7
#define HNV_DHCPV6_MAX_OPTIONS 16

/* The message type, option 53; 0 when it is missing, or the options make no sense. `offset`: of the BOOTP header. */
static __always_inline __u8 dhcp_type(struct __sk_buff *skb, __u32 offset)
{
	__be32 cookie;
	__u8 option[3];
	int i;

	if (bpf_skb_load_bytes(skb, offset + HNV_DHCP_COOKIE, &cookie, 4) || cookie != HNV_DHCP_MAGIC)
		return 0;
	offset += HNV_DHCP_OPTIONS;
	for (i = 0; i < HNV_DHCP_MAX_OPTIONS; i++) {
		if (bpf_skb_load_bytes(skb, offset, option, 1) || option[0] == 255)
			return 0;
		if (!option[0]) {
			offset++;
			continue;
		}
		if (bpf_skb_load_bytes(skb, offset, option, 3))
			return 0;
		if (option[0] == 53)
			return option[1] == 1 ? option[2] : 0;
		offset += 2 + option[1];
	}
	return 0;
}

/* OPTION_IAADDR of DHCPv6, RFC 8415 21.6. */
struct hnv_dhcpv6_address {
	__be16 code, length;
	struct hnv_addr address;
	__be32 preferred, valid;
} __attribute__((packed));

/* Every address of a message's IA_NAs: with a lifetime it is claimed (REPLY), or given up (RELEASE). */
static __always_inline void dhcpv6_addresses(struct __sk_buff *skb, struct hnv_claimant *c, __u32 offset, __u32 end, int release)
{
	struct hnv_dhcpv6_address *option = (void *)&c->next; /* a place that no claim needs yet: the stack is short */
	__u32 length;
	int i;

	for (i = 0; i < HNV_DHCPV6_MAX_OPTIONS; i++) {
		if (offset + 4 > end || bpf_skb_load_bytes(skb, offset, option, 4))
			return;
		length = bpf_ntohs(option->length);
		if (option->code == bpf_htons(3)) {
			offset += 4 + 12; /* into the IA_NA */
			continue;
		}
		if (option->code == bpf_htons(5) && length >= 24) {
			if (offset + sizeof(*option) > end || bpf_skb_load_bytes(skb, offset, option, sizeof(*option)))
				return;
			c->key.ca = option->address;
			if (release)
				release_learned();
			else if (option->valid)
				claim_local();
		}
		offset += 4 + length;
	}
}

/*
 * A UDP message at `offset` (its layer-4 header), to the client behind the port that `ifindex` names, or from it. 0 as `ifindex`: a broadcast;
 * whose it is, the client's MAC in it says.
 */
__noinline int snoop_dhcp4(struct __sk_buff *skb, __be32 vsid, __u32 ifindex, __u32 offset, __u32 from_client)
{
	struct hnv_location *location;
	struct hnv_claimant *c;
	struct hnv_decision *d;
	struct hnv_port *port;
	__u32 address, zero = 0;
	__u8 bytes[6];
	__u8 type;

	/* op, htype, hlen */
	if (bpf_skb_load_bytes(skb, offset + 8, bytes, 3) || bytes[0] != (from_client ? 1 : 2) || bytes[1] != 1 || bytes[2] != 6 ||
	    bpf_skb_load_bytes(skb, offset + 8 + HNV_DHCP_CHADDR, bytes, 6))
		return 0;
	if (!ifindex) {
		location = find_mac(vsid, bytes);
		if (!location)
			return 0;
		ifindex = location->ifindex;
	}
	port = bpf_map_lookup_elem(&ports, &ifindex);
	if (!port || port->vsid != vsid || !port->learn_limit || !mac_equal(bytes, port->mac))
		return 0;
	type = dhcp_type(skb, offset + 8);
	if (type != (from_client ? HNV_DHCP_RELEASE : HNV_DHCP_ACK) ||
	    bpf_skb_load_bytes(skb, offset + 8 + (from_client ? HNV_DHCP_CIADDR : HNV_DHCP_YIADDR), &address, 4) || !address)
		return 0;
	/* Looked up last, to lie on the stack no longer than needed: on Linux 6.1 it is full in the longest chain of calls. */
	c = scratch_claimant();
	d = bpf_map_lookup_elem(&decision, &zero);
	if (!c || !d)
		return 0;
	claimant_of_port(c, d, port, ifindex, port->mac, HNV_SOURCE_DHCP);
	c->flags |= HNV_CLAIM_FREE_ONLY;
	c->key.ca = address4(address);
	return from_client ? release_learned() : claim_local();
}

/* As snoop_dhcp4(); a server answers a client by unicast always. `length`: of the UDP message. */
__noinline int snoop_dhcp6(struct __sk_buff *skb, __u32 ifindex, __u32 offset, __u32 length, __u32 from_client)
{
	struct hnv_port *port = bpf_map_lookup_elem(&ports, &ifindex);
	struct hnv_claimant *c = scratch_claimant();
	struct hnv_decision *d;
	__u32 zero = 0;
	__u8 type;

	d = bpf_map_lookup_elem(&decision, &zero);
	if (!port || !c || !d || !port->learn_limit || bpf_skb_load_bytes(skb, offset + 8, &type, 1) ||
	    type != (from_client ? HNV_DHCPV6_RELEASE : HNV_DHCPV6_REPLY))
		return 0;
	claimant_of_port(c, d, port, ifindex, port->mac, HNV_SOURCE_DHCPV6);
	c->flags |= HNV_CLAIM_FREE_ONLY;
	dhcpv6_addresses(skb, c, offset + 8 + 4, offset + length, from_client);
	return 0;
}

static __always_inline void snoop_dhcp(struct __sk_buff *skb, const struct hnv_decision *d, const struct hnv_frame *f, __be32 vsid, __u32 ifindex,
				       __u32 offset, __u32 from_client)
{
	__be16 udp[4];

	if (f->l4 != HNV_IPPROTO_UDP || f->flags & (HNV_FRAME_FRAGMENT | HNV_FRAME_EXTENDED) || traced(d) ||
	    bpf_skb_load_bytes(skb, offset, udp, sizeof(udp)))
		return;
	if (f->proto == bpf_htons(ETH_P_IP)) {
		if (udp[0] == bpf_htons(from_client ? 68 : 67) && udp[1] == bpf_htons(from_client ? 67 : 68))
			snoop_dhcp4(skb, vsid, ifindex, offset, from_client);
	} else if (udp[0] == bpf_htons(from_client ? 546 : 547) && udp[1] == bpf_htons(from_client ? 547 : 546)) {
		snoop_dhcp6(skb, ifindex, offset, bpf_ntohs(udp[2]), from_client);
	}
}

/* A server's word to its client goes to the client's MAC: the address that it gives may be another's in memory only. */
static __always_inline int to_dhcp_client(struct __sk_buff *skb, const struct hnv_frame *f)
{
	__be16 port;

	return f->l4 == HNV_IPPROTO_UDP && !(f->flags & HNV_FRAME_LATER_FRAGMENT) && !bpf_skb_load_bytes(skb, f->l4_offset + 2, &port, 2) &&
	       port == (f->proto == bpf_htons(ETH_P_IP) ? bpf_htons(68) : bpf_htons(546));
}

/* A frame that was delivered: what a server says to a port that learns. `offset`: of its layer 4, as it is now. */
static __always_inline void snoop_delivered(struct __sk_buff *skb, struct hnv_decision *d, const struct hnv_frame *f, __be32 vsid, __u32 offset)
{
	if (!(d->flags & HNV_DECISION_TO_LEARNER))
		return;
	d->flags &= ~HNV_DECISION_TO_LEARNER;
	snoop_dhcp(skb, d, f, vsid, d->ifindex, offset, 0);
}

#endif
