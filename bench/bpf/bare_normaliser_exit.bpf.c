/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* tc egress of the device at which TCP for a tap loses its tunnel state, as ../../bpf/normaliser_exit.bpf.c. */
#include "bare.h"
#include "layouts.h"

char LICENSE[] SEC("license") = "GPL";

const volatile __u32 port = 0; /* set by the loader */

SEC("tc")
int bare_normaliser_exit(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct ethhdr eth;

	if (skb->mark != HNV_MARK_DELIVER || data + sizeof(eth) > end)
		return TC_ACT_SHOT;
	__builtin_memcpy(&eth, data, sizeof(eth));
	if (bpf_skb_adjust_room(skb, -HNV_ETH_LEN, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_FIXED_GSO) ||
	    bpf_skb_change_head(skb, HNV_ETH_LEN, 0))
		return TC_ACT_SHOT;
	data = (void *)(long)skb->data;
	end = (void *)(long)skb->data_end;
	if (data + sizeof(eth) > end)
		return TC_ACT_SHOT;
	__builtin_memcpy(data, &eth, sizeof(eth));
	return bpf_redirect(port, 0);
}
