/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_ND_H
#define HNV_ND_H

#include "flood.h"
#include "forward.h"
#include "source_guard.h"

/* Neighbour discovery, RFC 4861; duplicate address detection, RFC 4862. */
#define HNV_ND_ROUTER_SOLICITATION 133
#define HNV_ND_ROUTER_ADVERTISEMENT 134
#define HNV_ND_NEIGHBOUR_SOLICITATION 135
#define HNV_ND_NEIGHBOUR_ADVERTISEMENT 136
#define HNV_ND_REDIRECT 137

#define HNV_ND_OPTION_SOURCE 1
#define HNV_ND_OPTION_TARGET 2
#define HNV_ND_MAX_OPTIONS 8

#define HNV_NA_ROUTER 0x80
#define HNV_NA_SOLICITED 0x40
#define HNV_NA_OVERRIDE 0x20

struct hnv_nd {
	__u8 type, code;
	__be16 checksum;
	__u8 flags;
	__u8 reserved[3];
	struct hnv_addr target;
} __attribute__((packed));
HNV_SIZE(struct hnv_nd, 24);

struct hnv_neighbour_advertisement {
	struct ethhdr eth;
	struct ipv6hdr ip;
	struct hnv_nd nd;
	__u8 option, option_length;
	__u8 mac[6];
} __attribute__((packed));
HNV_SIZE(struct hnv_neighbour_advertisement, 86);

/* Whether the packet is a neighbour discovery message, as far as its first bytes can say. */
static __always_inline int is_nd(struct __sk_buff *skb, const struct hnv_frame *f, __u8 *type)
{
	if (f->proto != bpf_htons(ETH_P_IPV6) || f->l4 != HNV_IPPROTO_ICMPV6 || f->flags & HNV_FRAME_LATER_FRAGMENT)
		return 0;
	if (bpf_skb_load_bytes(skb, f->l4_offset, type, 1)) {
		*type = 0;
		return 1; /* an ICMPv6 packet cut before its type: refused as malformed */
	}
	return *type >= HNV_ND_ROUTER_SOLICITATION && *type <= HNV_ND_REDIRECT;
}

/* Every link-layer address option must name the sender: otherwise the message would poison neighbour tables. */
static __always_inline __u32 check_nd_options(struct __sk_buff *skb, const struct hnv_frame *f)
{
	__u32 offset = f->l4_offset + sizeof(struct hnv_nd);
	int i;

	for (i = 0; i < HNV_ND_MAX_OPTIONS; i++) {
		__u8 option[8];

		if (offset >= skb->len)
			return HNV_None;
		if (bpf_skb_load_bytes(skb, offset, option, 8) || !option[1])
			return HNV_Malformed;
		if ((option[0] == HNV_ND_OPTION_SOURCE || option[0] == HNV_ND_OPTION_TARGET) &&
		    (option[1] != 1 || !mac_equal(option + 2, f->smac)))
			return HNV_SourceCaMacMismatch;
		offset += option[1] * 8;
	}
	return HNV_Malformed;
}

/* Turns the solicitation into an advertisement for its target, and sends it back. */
static __noinline int send_advertisement(struct __sk_buff *skb, const struct hnv_addr *target, const struct hnv_addr *to,
					 const __u8 *mac_pair, __u32 flags)
{
	struct hnv_neighbour_advertisement na = {};
	__be32 pseudo[2]; /* behind the addresses: length and next header, RFC 8200, 8.1 */
	__u64 sum;

	if (bpf_skb_change_tail(skb, sizeof(na), 0))
		return -1;
	mac_copy(na.eth.h_dest, mac_pair);
	mac_copy(na.eth.h_source, mac_pair + 6);
	na.eth.h_proto = bpf_htons(ETH_P_IPV6);
	na.ip.version = 6;
	na.ip.payload_len = bpf_htons(sizeof(na.nd) + 8);
	na.ip.nexthdr = HNV_IPPROTO_ICMPV6;
	na.ip.hop_limit = 255;
	__builtin_memcpy(&na.ip.saddr, target, 16);
	__builtin_memcpy(&na.ip.daddr, to, 16);
	na.nd.type = HNV_ND_NEIGHBOUR_ADVERTISEMENT;
	na.nd.flags = flags;
	na.nd.target = *target;
	na.option = HNV_ND_OPTION_TARGET;
	na.option_length = 1;
	mac_copy(na.mac, mac_pair + 6);
	pseudo[0] = bpf_htonl(sizeof(na.nd) + 8);
	pseudo[1] = bpf_htonl(HNV_IPPROTO_ICMPV6);
	sum = bpf_csum_diff(0, 0, (__be32 *)&na.ip.saddr, 32, 0);
	sum = bpf_csum_diff(0, 0, pseudo, sizeof(pseudo), sum);
	sum = bpf_csum_diff(0, 0, (__be32 *)&na.nd, sizeof(na.nd) + 8, sum);
	na.nd.checksum = checksum_fold(sum);
	return bpf_skb_store_bytes(skb, 0, &na, sizeof(na), 0);
}

static __always_inline int answer_solicitation(struct __sk_buff *skb, struct hnv_decision *d, const struct hnv_frame *f,
					       const struct hnv_addr *target, const __u8 *mac, int is_router)
{
	/* To everybody when the question came from the unspecified address (RFC 4861, 7.2.4). */
	struct hnv_addr to = { .bytes = { 0xff, 0x02, [15] = 1 } };
	__u32 flags = HNV_NA_OVERRIDE | (is_router ? HNV_NA_ROUTER : 0);
	__u8 pair[12] = { 0x33, 0x33, 0, 0, 0, 1 };

	if (!address_is_zero(&f->src)) {
		to = f->src;
		flags |= HNV_NA_SOLICITED;
		mac_copy(pair, f->smac);
	}
	mac_copy(pair + 6, mac);
	if (send_advertisement(skb, target, &to, pair, flags))
		return drop(d, HNV_Internal);
	d->verdict = HNV_AddressResolutionAnswered;
	return reply(skb, f);
}

/* Addresses that one port may claim beside that of its MAC: privacy, stable-privacy and manual link-local ones. */
#define HNV_LINK_LOCAL_MAX 4

/* A VM probes a link-local address for itself. The first claim of a subnet holds; the limit of a port is kept in its slots. */
static __noinline int claim_link_local(struct hnv_decision *d, const struct hnv_port *port, const struct hnv_frame *f,
					    const struct hnv_addr *target)
{
	struct hnv_learned claim = {
		.record = { .type = HNV_RECORD_DYNAMIC, .ifindex = f->ifindex },
		.seen_ns = bpf_ktime_get_boot_ns(),
	};
	struct hnv_record_key key = { .vsid = port->vsid, .ca = *target };
	void *map = inner_map(&learned);
	__u32 slot;

	mac_copy(claim.record.mac, port->mac);
	if (!map)
		return drop(d, HNV_Internal);
	for (slot = 0; slot < HNV_LINK_LOCAL_MAX; slot++) {
		struct hnv_claim_key claim_key = { .ifindex = f->ifindex, .slot = slot };
		struct hnv_claim mine = { .vsid = port->vsid, .port_id = port->port_id, .address = *target };
		struct hnv_claim *taken = bpf_map_lookup_elem(&claims, &claim_key);

		/* A slot of another port that had this interface index before is free. */
		if (taken && taken->port_id == port->port_id && taken->vsid == port->vsid)
			continue;
		if (traced(d)) {
			d->verdict = HNV_Learned;
			return TC_ACT_SHOT;
		}
		if (bpf_map_update_elem(map, &key, &claim, BPF_NOEXIST))
			return drop(d, HNV_LinkLocalLimit);
		bpf_map_update_elem(&claims, &claim_key, &mine, BPF_ANY);
		d->verdict = HNV_Learned;
		return TC_ACT_SHOT;
	}
	return drop(d, HNV_LinkLocalLimit);
}

/* A multicast solicitation, or the probe of duplicate address detection. */
static __always_inline int solicitation_to_subnet(struct __sk_buff *skb, struct hnv_decision *d, const struct hnv_port *port,
						  const struct hnv_frame *f, const struct hnv_addr *target)
{
	struct hnv_record *record = find_record(port->vsid, target);
	int probe = address_is_zero(&f->src);

	if (record) {
		d->record = *record;
		if (record->ifindex == f->ifindex)
			return drop(d, HNV_FloodingDisabled);
		if (record->flags & HNV_RECORD_FLAG_UNUSABLE)
			return drop(d, HNV_AddressResolutionFailed);
		return answer_solicitation(skb, d, f, target, record->mac, record->type == HNV_RECORD_DISTRIBUTED_GATEWAY);
	}
	if (address_is_link_local6(target)) {
		__u8 mac[6];

		if (mac_from_eui64(target, mac)) {
			if (mac_equal(mac, port->mac))
				return drop(d, HNV_FloodingDisabled);
			if (find_mac(port->vsid, mac))
				return answer_solicitation(skb, d, f, target, mac, 0);
			/* The address that another adapter's MAC makes is that adapter's, also before it is here. */
			if (probe)
				return drop(d, HNV_LinkLocalLimit);
		}
		if (probe)
			return claim_link_local(d, port, f, target);
	}
	return drop(d, probe ? HNV_FloodingDisabled : HNV_AddressResolutionFailed);
}

/* Neighbour discovery from a VM. Same rules as for ARP. */
static __noinline int nd_from_vm(struct __sk_buff *skb, struct hnv_decision *d, const struct hnv_port *port,
				      const struct hnv_frame *f, __u8 type)
{
	struct hnv_record *record;
	struct hnv_nd nd;
	__u32 verdict;

	/* Behind an extension header it would pass as something else (RFC 6980). */
	if (!type || f->flags & (HNV_FRAME_EXTENDED | HNV_FRAME_FRAGMENT) || f->ttl != 255)
		return drop(d, HNV_Malformed);
	if (!mac_equal(f->smac, port->mac))
		return drop(d, HNV_SourceCaMacMismatch);
	if (address_is_zero(&f->src)) {
		if (type != HNV_ND_NEIGHBOUR_SOLICITATION)
			return mac_is_group(f->dmac) && type == HNV_ND_ROUTER_SOLICITATION ? flood_frame(0) : drop(d, HNV_Malformed);
	} else {
		verdict = guard_source(port, f->ifindex, f);
		if (verdict)
			return drop(d, verdict);
	}
	if (type != HNV_ND_NEIGHBOUR_SOLICITATION && type != HNV_ND_NEIGHBOUR_ADVERTISEMENT)
		return mac_is_group(f->dmac) ? flood_frame(0) : forward_to_mac(skb, d, port, f);

	if (bpf_skb_load_bytes(skb, f->l4_offset, &nd, sizeof(nd)) || nd.code || address_is_multicast6(&nd.target) ||
	    address_is_zero(&nd.target) || address_is_mapped4(&nd.target))
		return drop(d, HNV_Malformed);
	verdict = check_nd_options(skb, f);
	if (verdict)
		return drop(d, verdict);
	d->next_hop = nd.target;

	if (type == HNV_ND_NEIGHBOUR_ADVERTISEMENT) {
		verdict = address_is_link_local6(&nd.target) ? guard_link_local(port, f->ifindex, &nd.target, f->smac) :
							       guard_address(port, f->ifindex, &nd.target, f->smac);
		if (verdict)
			return drop(d, verdict);
		return mac_is_group(f->dmac) ? flood_frame(0) : forward_to_mac(skb, d, port, f);
	}
	if (mac_is_group(f->dmac))
		return solicitation_to_subnet(skb, d, port, f, &nd.target);
	if (address_is_zero(&f->src))
		return drop(d, HNV_Malformed);
	record = find_record(port->vsid, &nd.target);
	if (record && record->type == HNV_RECORD_DISTRIBUTED_GATEWAY && mac_equal(record->mac, f->dmac))
		return answer_solicitation(skb, d, f, &nd.target, record->mac, 1);
	return forward_to_mac(skb, d, port, f);
}

#endif
