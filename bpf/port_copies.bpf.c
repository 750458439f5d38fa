/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Stage of port_ingress: copies of a VM's frame that these programs sent into the ingress, and that become something else. None is counted:
 * the frame was.
 *
 *   mark ADVERTISE     the router advertisement that the VM has to hear again (lib/router_advertisement.h)
 *   mark LISTED        the announcement of an address in a VRRP advertisement of the VM (lib/vrrp.h)
 */
#include "lib/learned.h"
#include "lib/neighbour_advertisement.h"
#include "lib/router_advertisement.h"
#include "lib/stage.h"
#include "lib/vrrp_advertisement.h"

char LICENSE[] SEC("license") = "GPL";

static __always_inline int advertise(struct __sk_buff *skb, struct hnv_decision *d)
{
	__u32 verdict = answer_with_advertisement(skb, 0);

	if (verdict != HNV_ConfigurationAnswered)
		return drop(d, verdict ? verdict & 0xff : HNV_PolicyMissing);
	d->verdict = verdict;
	return redirect_marked(skb, skb->ifindex, HNV_MARK_DELIVER, 0);
}

static __noinline int make_arp_announcement(struct __sk_buff *skb, const struct hnv_addr *address, const __u8 *mac)
{
	const __u8 all[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	struct hnv_arp arp = {};

	if (bpf_skb_change_tail(skb, sizeof(arp), 0))
		return -1;
	arp_begin(&arp, bpf_htons(ETH_P_ARP), HNV_ARP_REQUEST, all, mac);
	arp.sender = address_to4(address);
	arp.target = arp.sender;
	return bpf_skb_store_bytes(skb, 0, &arp, sizeof(arp), 0);
}

/* Turns a copy of an advertisement into the announcement of one of its addresses. 0: done. */
__noinline int make_announcement(struct __sk_buff *skb, __u32 index)
{
	struct hnv_addr all = { .bytes = { 0xff, 0x02, [15] = 1 } };
	__u8 pair[12] = { 0x33, 0x33, 0, 0, 0, 1 };
	struct hnv_claimant *c = scratch_claimant();
	__u32 ifindex = skb->ifindex, offset;
	struct hnv_learned *l;
	struct hnv_port *port;
	void *map;
	__u8 head[HNV_ETH_LEN + 1];

	port = bpf_map_lookup_elem(&ports, &ifindex);
	map = inner_map(&learned);
	if (!c || !port || !map || bpf_skb_load_bytes(skb, 0, head, sizeof(head)))
		return -1;
	offset = HNV_ETH_LEN + (head[12] == 0x86 ? HNV_IP6_LEN : (head[14] & 0xf) * 4) + sizeof(struct hnv_vrrp);
	if (read_listed(skb, offset, head[12] == 0x86 ? 16 : 4, index, &c->key.ca))
		return -1;
	mac_copy(pair + 6, head + 6);
	c->key.vsid = port->vsid;
	l = bpf_map_lookup_elem(map, &c->key);
	if (l && l->record.ifindex == ifindex && l->port_id == port->port_id)
		mac_copy(pair + 6, l->record.mac);
	if (head[12] == 0x86)
		return send_advertisement(skb, &c->key.ca, &all, pair, HNV_NA_OVERRIDE | HNV_NA_ROUTER);
	return make_arp_announcement(skb, &c->key.ca, pair + 6);
}

/* A copy with HNV_MARK_LISTED. */
static __always_inline int announce_listed(struct __sk_buff *skb, struct hnv_decision *d, __u32 mark)
{
	if (make_announcement(skb, mark & HNV_LISTED_ADDRESS))
		return drop(d, HNV_Internal);
	return redirect_marked(skb, skb->ifindex, HNV_MARK_ON_BEHALF, BPF_F_INGRESS);
}

SEC("tc")
int port_copies(struct __sk_buff *skb)
{
	struct hnv_decision *d = decision_of_stage();
	__u32 mark = skb->mark;

	if (!d)
		return TC_ACT_SHOT;
	return mark == HNV_MARK_ADVERTISE ? advertise(skb, d) : announce_listed(skb, d, mark);
}
