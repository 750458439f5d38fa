/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* tc ingress behind an uplink: counts and drops tunnel packets (NVGRE, VXLAN), whomever they are for. */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include "kernel.h"

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} received SEC(".maps");

SEC("tc")
int wire_sink(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct ethhdr *eth = data;
	struct iphdr *ip4 = (void *)(eth + 1);
	struct ipv6hdr *ip6 = (void *)(eth + 1);
	__u32 zero = 0;
	__u64 *count;
	__u8 protocol;

	if ((void *)(ip6 + 1) > end) /* More than the larger header follows in every tunnel packet. */
		return TC_ACT_UNSPEC;
	if (eth->h_proto == bpf_htons(ETH_P_IP))
		protocol = ip4->protocol;
	else if (eth->h_proto == bpf_htons(ETH_P_IPV6))
		protocol = ip6->nexthdr;
	else
		return TC_ACT_UNSPEC;
	if (protocol != HNV_IPPROTO_GRE && protocol != HNV_IPPROTO_UDP)
		return TC_ACT_UNSPEC;
	count = bpf_map_lookup_elem(&received, &zero);
	if (count)
		++*count;
	return TC_ACT_SHOT;
}
