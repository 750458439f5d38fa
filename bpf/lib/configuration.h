/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_CONFIGURATION_H
#define HNV_CONFIGURATION_H

#include "dhcp4.h"
#include "dhcp6.h"

/*
 * The responder: tells VMs their addresses and the rest of their configuration, where policy says so (docs/design/responder.md).
 * What it does not answer goes the way of all frames. This is for frames to groups. UDP to a single address is looked at only where it
 * has arrived at the gateway (lib/gateway.h), so that no VM's data pays for it.
 */
static __always_inline int configuration_from_vm(struct __sk_buff *skb, struct hnv_decision *d, const struct hnv_port *port,
						 const struct hnv_frame *f)
{
	if (f->l4 != HNV_IPPROTO_UDP)
		return HNV_NOT_ANSWERED;
	return f->proto == bpf_htons(ETH_P_IP) ? dhcp4_from_vm(skb, d, port, f) : dhcp6_from_vm(skb, d, port, f);
}

#endif
