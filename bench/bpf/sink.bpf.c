/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * tc ingress of a receiving VM's adapter: counts and drops the UDP packets of a flood (port 9, discard), so that the receiver's
 * own stack, which costs the same whatever carried the packet, takes no part in the comparison.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
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
	struct ethhdr *eth = data;
	struct iphdr *ip4 = (void *)(eth + 1);
	struct ipv6hdr *ip6 = (void *)(eth + 1);
	struct udphdr *udp;
	__u32 zero = 0;
	__u64 *count;

	if ((void *)(ip4 + 1) > end)
		return TC_ACT_UNSPEC;
	if (eth->h_proto == bpf_htons(ETH_P_IP) && ip4->protocol == HNV_IPPROTO_UDP)
		udp = (void *)(ip4 + 1);
	else if (eth->h_proto == bpf_htons(ETH_P_IPV6) && (void *)(ip6 + 1) <= end && ip6->nexthdr == HNV_IPPROTO_UDP)
		udp = (void *)(ip6 + 1);
	else
		return TC_ACT_UNSPEC;
	if ((void *)(udp + 1) > end || udp->dest != bpf_htons(9))
		return TC_ACT_UNSPEC;
	count = bpf_map_lookup_elem(&received, &zero);
	if (count)
		++*count;
	return TC_ACT_SHOT;
}
