/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * tc ingress at the far end of the normaliser pair. Decapsulated TCP for taps was sent into the pair as super-packets with tunnel
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

	if ((void *)(eth + 1) > end || skb->mark != HNV_MARK_DELIVER || eth->h_dest[0] != HNV_NORMALISER_OUI_0 ||
	    eth->h_dest[1] != HNV_NORMALISER_OUI_1) {
		count(0, HNV_HostStackFrame, skb->len);
		return TC_ACT_SHOT;
	}
	ifindex = eth->h_dest[2] << 24 | eth->h_dest[3] << 16 | eth->h_dest[4] << 8 | eth->h_dest[5];
	port = bpf_map_lookup_elem(&ports, &ifindex);
	if (!port) {
		count(0, HNV_PortUnbound, skb->len);
		return TC_ACT_SHOT;
	}
	mac_copy(eth->h_dest, port->mac);
	return bpf_redirect(ifindex, 0);
}
