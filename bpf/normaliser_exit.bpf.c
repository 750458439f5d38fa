/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * tc egress of the unwrapping normaliser. The kernel took the frame out of its IPv6 packet (lib/normalise.h) and cleared its tunnel state,
 * but leaves the network header where the Ethernet header is, and would not know a super-packet then. Taking the Ethernet header off
 * and putting it on again sets that right. The destination MAC says for which port (lib/deliver.h); the port's own MAC is put back.
 */
#include "lib/deliver.h"

char LICENSE[] SEC("license") = "GPL";

SEC("tc")
int normaliser_exit(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct hnv_port *port;
	struct ethhdr eth;
	__u32 ifindex;

	if (data + sizeof(eth) > end)
		return TC_ACT_SHOT;
	__builtin_memcpy(&eth, data, sizeof(eth));
	port = normalised_port(skb, &eth, &ifindex);
	if (!port)
		return TC_ACT_SHOT;
	mac_copy(eth.h_dest, port->mac);
	if (bpf_skb_adjust_room(skb, -HNV_ETH_LEN, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_FIXED_GSO) ||
	    bpf_skb_change_head(skb, HNV_ETH_LEN, 0))
		goto failed;
	data = (void *)(long)skb->data;
	end = (void *)(long)skb->data_end;
	if (data + sizeof(eth) > end)
		goto failed;
	__builtin_memcpy(data, &eth, sizeof(eth));
	return bpf_redirect(ifindex, 0);
failed:
	count(0, HNV_Internal, skb->len);
	return TC_ACT_SHOT;
}
