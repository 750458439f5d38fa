/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Tries what not every supported kernel can do; never attached. A program that does not load, because its helper is unknown, or
 * that answers 0 says "not supported"; 1 says "supported"; anything else is a failure of the probe (src/Hnv.Datapath/Kernel/FeatureProbe.cs).
 */
#include "include/kernel.h"

#define HNV_EINVAL 22

SEC("tc")
int probe_decap_flags(struct __sk_buff *skb)
{
	int error = bpf_skb_adjust_room(skb, -20, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_FIXED_GSO | HNV_DECAP_L3_IPV4);

	return error == 0 ? 1 : error == -HNV_EINVAL ? 0 : 2;
}

SEC("tc")
int probe_redirect_peer(struct __sk_buff *skb)
{
	return bpf_redirect_peer(1, 0);
}

SEC("tc")
int probe_redirect_neigh(struct __sk_buff *skb)
{
	return bpf_redirect_neigh(1, 0, 0, 0);
}

/* Can be attached. */
SEC("tc")
int probe_filter(struct __sk_buff *skb)
{
	return TC_ACT_UNSPEC;
}

static long nothing(__u32 index, void *context)
{
	return 1;
}

SEC("tc")
int probe_loop(struct __sk_buff *skb)
{
	return bpf_loop(1, nothing, 0, 0);
}

char _license[] SEC("license") = "GPL";
