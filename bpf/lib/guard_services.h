/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_GUARD_SERVICES_H
#define HNV_GUARD_SERVICES_H

#include "parse.h"

/*
 * Services that a guarded port must not offer to its subnet, to a group or to one VM:
 *
 *   DHCP guard     UDP to a DHCP client's port: 68, and 546 for DHCPv6. Whatever port it comes from, for clients do not look at that
 *   router guard   router advertisements and redirects of ICMPv6 and ICMP
 *
 * A later fragment passes: without the first one, which shows what it is, nobody can put it together.
 */
#define HNV_DHCP_CLIENT bpf_htons(68)
#define HNV_DHCPV6_CLIENT bpf_htons(546)

static __always_inline __u32 guard_dhcp(struct __sk_buff *skb, const struct hnv_frame *f)
{
	__be16 ports[2];

	if (f->l4 != HNV_IPPROTO_UDP)
		return HNV_None;
	if (bpf_skb_load_bytes(skb, f->l4_offset, ports, sizeof(ports)))
		return HNV_Malformed;
	return ports[1] == (f->proto == bpf_htons(ETH_P_IP) ? HNV_DHCP_CLIENT : HNV_DHCPV6_CLIENT) ? HNV_GuardedService : HNV_None;
}

static __always_inline __u32 guard_router(struct __sk_buff *skb, const struct hnv_frame *f)
{
	int v4 = f->proto == bpf_htons(ETH_P_IP);
	__u8 type;

	if (f->l4 != (v4 ? HNV_IPPROTO_ICMP : HNV_IPPROTO_ICMPV6))
		return HNV_None;
	if (bpf_skb_load_bytes(skb, f->l4_offset, &type, 1))
		return HNV_Malformed;
	if (v4)
		return type == 5 || type == 9 ? HNV_GuardedService : HNV_None; /* redirect; router advertisement, RFC 1256 */
	return type == 134 || type == 137 ? HNV_GuardedService : HNV_None;
}

/* Returns HNV_None or the verdict. */
static __always_inline __u32 guard_services(struct __sk_buff *skb, const struct hnv_port *port, const struct hnv_frame *f)
{
	__u32 verdict = HNV_None;

	if (!(port->flags & (HNV_PORT_DHCP_GUARD | HNV_PORT_ROUTER_GUARD)) || f->proto == bpf_htons(ETH_P_ARP) ||
	    f->flags & HNV_FRAME_LATER_FRAGMENT)
		return HNV_None;
	if (port->flags & HNV_PORT_DHCP_GUARD)
		verdict = guard_dhcp(skb, f);
	if (!verdict && port->flags & HNV_PORT_ROUTER_GUARD)
		verdict = guard_router(skb, f);
	return verdict;
}

#endif
