/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * tc ingress of a receiving VM's adapter: counts and drops the UDP packets of a flood (port 9, discard), so that the receiver's
 * own stack, which costs the same whatever carried the packet, takes no part in the comparison.
 */
#include <linux/ip.h>
#include <linux/udp.h>
#include "kernel.h"

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} received SEC(".maps");

SEC("tc")
int sink(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct {
		struct ethhdr eth;
		struct iphdr ip;
		struct udphdr udp;
	} __attribute__((packed)) *h = data;
	__u32 zero = 0;
	__u64 *count;

	if ((void *)(h + 1) > end || h->eth.h_proto != bpf_htons(ETH_P_IP) || h->ip.protocol != HNV_IPPROTO_UDP ||
	    h->udp.dest != bpf_htons(9))
		return TC_ACT_UNSPEC;
	count = bpf_map_lookup_elem(&received, &zero);
	if (count)
		++*count;
	return TC_ACT_SHOT;
}
