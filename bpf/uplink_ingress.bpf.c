/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * tc ingress of an uplink: frames from the provider network.
 *
 *   ours?             NVGRE or VXLAN, to one of our provider addresses; everything else is the host's
 *   in which form?    NVGRE over IPv4
 *   well formed?      flags as they must be, whole packet, right checksum
 *   from whom?        a peer that policy names
 *   for whom?         a virtual subnet that is present here, in its own encapsulation
 *   may it?           the source lives at that peer, by reverse path
 *   where to?         a port of this host; or on to the host where the destination lives now
 *
 *   learned?          what members of a learning subnet announce
 *
 * What is ours and fails never reaches the host's own stack. All of it but the first two questions is in lib/uplink.h.
 */
#include "lib/note_path_mtu.h"
#include "lib/uplink.h"

char LICENSE[] SEC("license") = "GPL";

SEC("tc")
int uplink_ingress(struct __sk_buff *skb)
{
	struct iphdr *outer, ip;

	/* The host's own traffic passes here, too: it leaves as early as possible. */
	if (skb->protocol != bpf_htons(ETH_P_IP) || skb->vlan_present)
		return HNV_NOT_OURS;
	if (make_linear(skb, HNV_INNER + HNV_ETH_LEN + HNV_IP6_LEN))
		return HNV_NOT_OURS;
	outer = (void *)(long)skb->data + HNV_ETH_LEN;
	if ((void *)(outer + 1) > (void *)(long)skb->data_end || outer->version != 4)
		return HNV_NOT_OURS;
	if (outer->protocol == HNV_IPPROTO_GRE)
		return from_uplink(skb);
	if (outer->protocol == HNV_IPPROTO_ICMP) {
		ip = *outer;
		note_path_mtu4(skb, &ip);
	}
	return HNV_NOT_OURS;
}
