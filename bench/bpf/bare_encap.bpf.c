/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* tc ingress of the VM's port: everything goes to the one peer. */
#include "bare.h"

char LICENSE[] SEC("license") = "GPL";

/* Set by the loader. */
const volatile __be32 local_pa = 0;
const volatile __be32 peer_pa = 0;
const volatile __u32 vsid = 0;
const volatile __u32 uplink = 0;

SEC("tc")
int bare_encap(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct bare_headers h = {};
	__u32 hash, length;

	if (data + HNV_ETH_LEN > end || skb->protocol != bpf_htons(ETH_P_IP))
		return TC_ACT_SHOT;
	__builtin_memcpy(&h.inner, data, HNV_ETH_LEN);
	hash = bpf_get_hash_recalc(skb);
	h.key = bpf_htonl(vsid << 8 | (hash & 0xff));
	if (bpf_skb_adjust_room(skb, BARE_ROOM, BPF_ADJ_ROOM_MAC,
				BPF_F_ADJ_ROOM_ENCAP_L3_IPV4 | BPF_F_ADJ_ROOM_ENCAP_L4_GRE | BPF_F_ADJ_ROOM_ENCAP_L2(HNV_ETH_LEN) |
					BPF_F_ADJ_ROOM_ENCAP_L2_ETH | BPF_F_ADJ_ROOM_FIXED_GSO))
		return TC_ACT_SHOT;
	h.outer.h_proto = bpf_htons(ETH_P_IP);
	h.ip.version = 4;
	h.ip.ihl = 5;
	length = skb->len - HNV_ETH_LEN;
	h.ip.tot_len = bpf_htons(length > 0xffff ? 0xffff : length);
	h.ip.frag_off = bpf_htons(0x4000);
	h.ip.ttl = 64;
	h.ip.protocol = HNV_IPPROTO_GRE;
	h.ip.saddr = local_pa;
	h.ip.daddr = peer_pa;
	h.ip.check = ip4_checksum(&h.ip);
	h.gre_flags = bpf_htons(0x2000);
	h.gre_proto = bpf_htons(0x6558);
	data = (void *)(long)skb->data;
	end = (void *)(long)skb->data_end;
	if (data + sizeof(h) > end)
		return TC_ACT_SHOT;
	__builtin_memcpy(data, &h, sizeof(h));
	return bpf_redirect_neigh(uplink, 0, 0, 0);
}
