/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* tc ingress of the uplink: every NVGRE packet goes to the one port. */
#include "bare.h"
#include "layouts.h"
#include "lib/normalise.h"

char LICENSE[] SEC("license") = "GPL";

/* Set by the loader. */
const volatile __u32 port = 0;
const volatile __u32 port_has_peer = 0; /* a veth whose other end is in the VM */
const volatile __u32 normaliser = 0;    /* where TCP for a tap goes first; 0: none */

SEC("tc")
int bare_decap(struct __sk_buff *skb)
{
	void *data, *end;
	struct bare_headers *h;
	struct ethhdr inner;
	int tcp;

	if (skb->protocol != bpf_htons(ETH_P_IP) || bpf_skb_pull_data(skb, sizeof(*h) + HNV_IP4_LEN))
		return TC_ACT_UNSPEC;
	data = (void *)(long)skb->data;
	end = (void *)(long)skb->data_end;
	h = data;
	if ((void *)(h + 1) + HNV_IP4_LEN > end || h->ip.protocol != HNV_IPPROTO_GRE || h->gre_proto != bpf_htons(0x6558))
		return TC_ACT_UNSPEC;
	inner = h->inner;
	tcp = inner.h_proto == bpf_htons(ETH_P_IP) && ((struct iphdr *)(h + 1))->protocol == HNV_IPPROTO_TCP;
	if (bpf_skb_adjust_room(skb, -BARE_ROOM, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_FIXED_GSO))
		return TC_ACT_SHOT;
	if (normaliser && tcp && can_wrap(skb)) {
		if (wrap(skb, inner.h_proto, inner.h_dest, inner.h_source))
			return TC_ACT_SHOT;
		skb->mark = HNV_MARK_DELIVER;
		return bpf_redirect(normaliser, BPF_F_INGRESS);
	}
	data = (void *)(long)skb->data;
	end = (void *)(long)skb->data_end;
	if (data + sizeof(inner) > end)
		return TC_ACT_SHOT;
	__builtin_memcpy(data, &inner, sizeof(inner));
	if (skb->pkt_type != HNV_PACKET_HOST)
		bpf_skb_change_type(skb, HNV_PACKET_HOST);
	if (port_has_peer)
		return bpf_redirect_peer(port, 0);
	return bpf_redirect(port, 0);
}
