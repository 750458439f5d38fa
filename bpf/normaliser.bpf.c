/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * tc ingress at the far end of the segmenting normaliser pair. Decapsulated TCP for taps was sent into the pair as super-packets with tunnel
 * state; its sending end segmented them, GRO at this end merged the segments again, and now they are plain. The destination MAC
 * says for which port (lib/deliver.h); the port's own MAC is put back.
 */
#include "lib/deliver.h"

char LICENSE[] SEC("license") = "GPL";

SEC("tc")
int normaliser(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct ethhdr *eth = data;
	struct hnv_port *port;
	__u32 ifindex;

	if ((void *)(eth + 1) > end)
		return TC_ACT_SHOT;
	port = normalised_port(skb, eth, &ifindex);
	if (!port)
		return TC_ACT_SHOT;
	mac_copy(eth->h_dest, port->mac);
	return bpf_redirect(ifindex, 0);
}
