/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_DHCP6_H
#define HNV_DHCP6_H

#include "answer.h"

/* The DHCPv6 server of a subnet with a pool (RFC 8415). As in lib/dhcp4.h, the lease is policy. */

#define HNV_DHCP6_CLIENT bpf_htons(546)
#define HNV_DHCP6_SERVER bpf_htons(547)

#define HNV_DHCP6_SOLICIT 1
#define HNV_DHCP6_ADVERTISE 2
#define HNV_DHCP6_REQUEST 3
#define HNV_DHCP6_CONFIRM 4
#define HNV_DHCP6_RENEW 5
#define HNV_DHCP6_REBIND 6
#define HNV_DHCP6_REPLY 7
#define HNV_DHCP6_RELEASE 8
#define HNV_DHCP6_DECLINE 9
#define HNV_DHCP6_INFORMATION_REQUEST 11

#define HNV_DHCP6_CLIENTID 1
#define HNV_DHCP6_SERVERID 2
#define HNV_DHCP6_IA_NA 3
#define HNV_DHCP6_IA_TA 4
#define HNV_DHCP6_IAADDR 5
#define HNV_DHCP6_STATUS 13
#define HNV_DHCP6_RAPID_COMMIT 14
#define HNV_DHCP6_IA_PD 25

#define HNV_DHCP6_NO_ADDRS_AVAIL 2
#define HNV_DHCP6_NOT_ON_LINK 4
#define HNV_DHCP6_NO_PREFIX_AVAIL 6

#define HNV_DHCP6_MAX_OPTIONS 32
#define HNV_DHCP6_MAX_IAS 6
#define HNV_DHCP6_DUID_MAX 130 /* type and 128 bytes: RFC 8415, 11.1 */
#define HNV_DHCP6_SERVER_DUID 18 /* DUID-UUID, RFC 6355 */

struct hnv_dhcp6_option {
	__be16 code, length;
} __attribute__((packed));

struct hnv_dhcp6_ia { /* IA_NA and IA_PD; IA_TA ends behind the identifier */
	struct hnv_dhcp6_option option;
	__be32 iaid, t1, t2;
} __attribute__((packed));
HNV_SIZE(struct hnv_dhcp6_ia, 16);

struct hnv_dhcp6_address {
	struct hnv_dhcp6_option option;
	struct hnv_addr address;
	__be32 preferred, valid;
} __attribute__((packed));
HNV_SIZE(struct hnv_dhcp6_address, 28);

struct hnv_dhcp6_status {
	struct hnv_dhcp6_option option;
	__be16 status;
} __attribute__((packed));

struct hnv_dhcp6_answer {
	struct ethhdr eth;
	struct ipv6hdr ip;
	struct udphdr udp;
	__u8 type, transaction[3];
} __attribute__((packed));
HNV_SIZE(struct hnv_dhcp6_answer, 66);

#define HNV_DHCP6_TAIL 512
#define HNV_DHCP6_ELEMENT 64 /* no piece of the tail is longer, but for the client's DUID at its beginning */

struct hnv_dhcp6_work {
	struct {
		__u8 type, transaction[3];
	} request;
	struct hnv_addr client;    /* the request's IPv6 source */
	struct hnv_addr lease;
	struct hnv_addr held;      /* the first address that the client says it has */
	__u32 client_id;           /* offset of its DUID */
	__u16 client_id_length;
	__u16 used;                /* of the tail */
	__u8 server;               /* 1: ours, 2: another's */
	__u8 rapid_commit;
	__u8 ia_count;
	__u8 address_given;
	__u8 answer_type;
	__u8 zero[3];
	struct {
		__be32 iaid;
		__u32 code;
	} ia[HNV_DHCP6_MAX_IAS];
	__u16 align;
	struct hnv_dhcp6_answer answer;
	__u8 tail[HNV_DHCP6_TAIL]; /* client identifier and what the client asked for; behind it come the subnet's options */
	__u8 margin[HNV_DHCP6_ELEMENT];
} __attribute__((packed));
_Static_assert(sizeof(struct hnv_dhcp6_work) <= HNV_ANSWER_ROOM, "does not fit");

/* An identity association: noted with its number; the first address of the first one, too. */
static __always_inline __u32 parse_ia(struct __sk_buff *skb, struct hnv_dhcp6_work *w, __u32 code, __u32 offset, __u32 length)
{
	struct hnv_dhcp6_option inner;
	__u32 index = w->ia_count, header = code == HNV_DHCP6_IA_TA ? 4 : 12;

	if (length < header)
		return HNV_Malformed;
	if (index >= HNV_DHCP6_MAX_IAS)
		return HNV_None; /* What is not mentioned is not given. */
	if (bpf_skb_load_bytes(skb, offset, &w->ia[index].iaid, 4))
		return HNV_Malformed;
	w->ia[index].code = code;
	w->ia_count = index + 1;
	if (code != HNV_DHCP6_IA_NA || length < header + 28 || !address_is_zero(&w->held))
		return HNV_None;
	if (bpf_skb_load_bytes(skb, offset + header, &inner, 4))
		return HNV_Malformed;
	if (inner.code != bpf_htons(HNV_DHCP6_IAADDR))
		return HNV_None;
	if (bpf_ntohs(inner.length) < 24 || bpf_skb_load_bytes(skb, offset + header + 4, &w->held, 16))
		return HNV_Malformed;
	return HNV_None;
}

static __always_inline __u32 parse_dhcp6_options(struct __sk_buff *skb, struct hnv_dhcp6_work *w, const struct hnv_dhcp6 *config,
						 __u32 offset, __u32 end)
{
	int i;

	w->held = (struct hnv_addr){};
	w->client_id_length = 0;
	w->server = 0;
	w->rapid_commit = 0;
	w->ia_count = 0;
	for (i = 0; i < HNV_DHCP6_MAX_OPTIONS; i++) {
		struct hnv_dhcp6_option option;
		__u32 code, length;

		if (offset >= end)
			return offset == end ? HNV_None : HNV_Malformed;
		if (bpf_skb_load_bytes(skb, offset, &option, 4))
			return HNV_Malformed;
		offset += 4;
		code = bpf_ntohs(option.code);
		length = bpf_ntohs(option.length);
		if (offset + length > end)
			return HNV_Malformed;
		if (code == HNV_DHCP6_CLIENTID) {
			if (length < 3 || length > HNV_DHCP6_DUID_MAX)
				return HNV_Malformed;
			w->client_id = offset;
			w->client_id_length = length;
		} else if (code == HNV_DHCP6_SERVERID) {
			__u64 duid[3] = {}, ours[3] = {};

			w->server = 2;
			if (length == HNV_DHCP6_SERVER_DUID) {
				if (bpf_skb_load_bytes(skb, offset, duid, HNV_DHCP6_SERVER_DUID))
					return HNV_Malformed;
				__builtin_memcpy(ours, config->options + 4, HNV_DHCP6_SERVER_DUID);
				if (duid[0] == ours[0] && duid[1] == ours[1] && duid[2] == ours[2])
					w->server = 1;
			}
		} else if (code == HNV_DHCP6_RAPID_COMMIT) {
			w->rapid_commit = 1;
		} else if (code == HNV_DHCP6_IA_NA || code == HNV_DHCP6_IA_TA || code == HNV_DHCP6_IA_PD) {
			if (parse_ia(skb, w, code, offset, length))
				return HNV_Malformed;
		}
		offset += length;
	}
	return HNV_Malformed;
}

/* The message that the request is answered with; 0: it is another server's, or nobody's; -1: it contradicts itself. */
static __always_inline int answer_type6(const struct hnv_dhcp6_work *w)
{
	/* RFC 8415, 16: who must say which server is meant, and who must not; everybody but INFORMATION-REQUEST says who it is. */
	switch (w->request.type) {
	case HNV_DHCP6_SOLICIT:
		if (!w->client_id_length || w->server)
			return -1;
		return w->rapid_commit ? HNV_DHCP6_REPLY : HNV_DHCP6_ADVERTISE;
	case HNV_DHCP6_CONFIRM:
		if (address_is_zero(&w->held))
			return -1;
		/* fall through */
	case HNV_DHCP6_REBIND:
		return !w->client_id_length || w->server ? -1 : HNV_DHCP6_REPLY;
	case HNV_DHCP6_REQUEST:
	case HNV_DHCP6_RENEW:
	case HNV_DHCP6_RELEASE:
	case HNV_DHCP6_DECLINE:
		if (!w->client_id_length || !w->server)
			return -1;
		return w->server == 1 ? HNV_DHCP6_REPLY : 0;
	case HNV_DHCP6_INFORMATION_REQUEST:
		if (w->ia_count)
			return -1;
		return w->server == 2 ? 0 : HNV_DHCP6_REPLY;
	default:
		return 0;
	}
}

/* Room for an element of the tail. The bounds are in the mask, for the verifier; callers keep to HNV_DHCP6_TAIL. */
static __always_inline void *append(struct hnv_dhcp6_work *w, __u32 length)
{
	__u32 at = w->used;

	w->used = at + length;
	barrier_var(at);
	return w->tail + (at & (HNV_DHCP6_TAIL - 1));
}

static __always_inline void append_status(struct hnv_dhcp6_work *w, __u32 status)
{
	struct hnv_dhcp6_status *s = append(w, sizeof(*s));

	s->option.code = bpf_htons(HNV_DHCP6_STATUS);
	s->option.length = bpf_htons(2);
	s->status = bpf_htons(status);
}

static __always_inline void append_address(struct hnv_dhcp6_work *w, const struct hnv_addr *address, __u32 preferred, __u32 valid)
{
	struct hnv_dhcp6_address *a = append(w, sizeof(*a));

	a->option.code = bpf_htons(HNV_DHCP6_IAADDR);
	a->option.length = bpf_htons(24);
	a->address = *address;
	a->preferred = bpf_htonl(preferred);
	a->valid = bpf_htonl(valid);
}

/* One identity association of the answer: the first IA_NA has the lease, all others that there is nothing. */
static __always_inline void append_ia(struct hnv_dhcp6_work *w, __u32 index, const struct hnv_dhcp6 *config)
{
	__u32 code = w->ia[index].code, length = (code == HNV_DHCP6_IA_TA ? 4 : 12) + sizeof(struct hnv_dhcp6_status);
	int gives = code == HNV_DHCP6_IA_NA && !w->address_given, takes = 0;
	struct hnv_dhcp6_ia *ia = append(w, code == HNV_DHCP6_IA_TA ? 8 : sizeof(*ia));

	if (gives) {
		/* What the client holds and is not its lease ends now: RFC 8415, 18.3.4. */
		takes = (w->request.type == HNV_DHCP6_RENEW || w->request.type == HNV_DHCP6_REBIND) && !address_is_zero(&w->held) &&
			!address_equal(&w->held, &w->lease);
		length = 12 + sizeof(struct hnv_dhcp6_address) * (takes ? 2 : 1);
	}
	ia->option.code = bpf_htons(code);
	ia->option.length = bpf_htons(length);
	ia->iaid = w->ia[index].iaid;
	if (code != HNV_DHCP6_IA_TA) {
		ia->t1 = gives ? bpf_htonl(config->preferred_seconds / 2) : 0;
		ia->t2 = gives ? bpf_htonl(config->preferred_seconds - config->preferred_seconds / 5) : 0;
	}
	if (!gives) {
		append_status(w, code == HNV_DHCP6_IA_PD ? HNV_DHCP6_NO_PREFIX_AVAIL : HNV_DHCP6_NO_ADDRS_AVAIL);
		return;
	}
	w->address_given = 1;
	append_address(w, &w->lease, config->preferred_seconds, config->valid_seconds);
	if (takes)
		append_address(w, &w->held, 0, 0);
}

/* Writes what is this client's own. */
__noinline int write_dhcp6_tail(struct __sk_buff *skb)
{
	struct hnv_dhcp6_work *w = answer_begin();
	__u32 ifindex = skb->ifindex, length, i;
	struct hnv_dhcp6_option *option;
	struct hnv_dhcp6 *config;
	struct hnv_lease *lease;
	struct hnv_port *port;
	__be32 key;

	port = bpf_map_lookup_elem(&ports, &ifindex);
	if (!w || !port)
		return HNV_Internal;
	key = port->vsid;
	config = bpf_map_lookup_elem(&dhcp6, &key);
	key = port->port_id;
	lease = bpf_map_lookup_elem(&leases, &key);
	if (!config)
		return HNV_None;
	if (lease)
		w->lease = lease->address6;
	w->used = 0;
	w->address_given = 0;
	length = w->client_id_length;
	if (length) {
		if (length > HNV_DHCP6_DUID_MAX || bpf_skb_load_bytes(skb, w->client_id, w->tail + 4, at_most(length, HNV_DHCP6_DUID_MAX)))
			return HNV_Internal;
		option = append(w, length + 4);
		option->code = bpf_htons(HNV_DHCP6_CLIENTID);
		option->length = bpf_htons(length);
	}
	switch (w->request.type) {
	case HNV_DHCP6_SOLICIT:
		if (w->answer_type == HNV_DHCP6_REPLY) {
			option = append(w, sizeof(*option));
			option->code = bpf_htons(HNV_DHCP6_RAPID_COMMIT);
			option->length = 0;
		}
		/* fall through */
	case HNV_DHCP6_REQUEST:
	case HNV_DHCP6_RENEW:
	case HNV_DHCP6_REBIND:
		for (i = 0; i < HNV_DHCP6_MAX_IAS; i++) {
			if (i >= w->ia_count)
				break;
			append_ia(w, i, config);
		}
		break;
	case HNV_DHCP6_CONFIRM:
		append_status(w, address_equal(&w->held, &w->lease) ? 0 : HNV_DHCP6_NOT_ON_LINK);
		break;
	case HNV_DHCP6_RELEASE:
	case HNV_DHCP6_DECLINE:
		append_status(w, 0);
		break;
	}
	__builtin_memset(append(w, 0), 0, 4); /* The sum is of whole words. */
	return HNV_ANSWER_READY;
}

/* Makes the skb the answer. */
__noinline int send_dhcp6(struct __sk_buff *skb)
{
	struct hnv_dhcp6_work *w = answer_begin();
	__u32 ifindex = skb->ifindex, used, options;
	struct hnv_dhcp6_answer *a;
	struct hnv_dhcp6 *config;
	struct hnv_subnet *subnet;
	struct hnv_port *port;
	__be32 pseudo[2], vsid;
	__u16 rest;
	__s64 sum;

	port = bpf_map_lookup_elem(&ports, &ifindex);
	if (!w || !port)
		return HNV_Internal;
	vsid = port->vsid;
	config = bpf_map_lookup_elem(&dhcp6, &vsid);
	subnet = bpf_map_lookup_elem(&subnets, &vsid);
	if (!config || !subnet)
		return HNV_None;
	used = w->used;
	options = config->length;
	barrier_var(used);
	if (used > HNV_DHCP6_TAIL - 4 || !options || options > HNV_OPTIONS)
		return HNV_Internal;
	a = &w->answer;
	__builtin_memset(a, 0, sizeof(*a));
	mac_copy(a->eth.h_dest, port->mac);
	mac_copy(a->eth.h_source, subnet->gateway_mac);
	a->eth.h_proto = bpf_htons(ETH_P_IPV6);
	a->ip.version = 6;
	a->ip.payload_len = bpf_htons(sizeof(a->udp) + 4 + used + options);
	a->ip.nexthdr = HNV_IPPROTO_UDP;
	a->ip.hop_limit = 64;
	write_link_local(a->ip.saddr.in6_u.u6_addr8, subnet->gateway_mac);
	__builtin_memcpy(&a->ip.daddr, &w->client, 16);
	a->udp.source = HNV_DHCP6_SERVER;
	a->udp.dest = HNV_DHCP6_CLIENT;
	a->udp.len = a->ip.payload_len;
	a->type = w->answer_type;
	__builtin_memcpy(a->transaction, w->request.transaction, 3);
	pseudo[0] = bpf_htonl(sizeof(a->udp) + 4 + used + options);
	pseudo[1] = bpf_htonl(HNV_IPPROTO_UDP);
	sum = bpf_csum_diff(0, 0, pseudo, sizeof(pseudo), 0);
	sum = bpf_csum_diff(0, 0, (__be32 *)&a->ip.saddr, 32 + sizeof(a->udp) + 4, sum);
	sum = bpf_csum_diff(0, 0, (__be32 *)w->tail, (used + 3) & ~3U, sum);
	/* Behind an odd number of bytes the words of the options are turned (RFC 1071, 2 B). */
	rest = ~checksum_fold(sum_options(config->options, 0));
	sum += used & 1 ? __builtin_bswap16(rest) : rest;
	a->udp.check = checksum_fold(sum);
	if (!a->udp.check)
		a->udp.check = 0xffff;
	if (resize(skb, sizeof(*a) + used + options) || bpf_skb_store_bytes(skb, 0, a, sizeof(*a), 0) ||
	    store(skb, sizeof(*a), w->tail, used, HNV_DHCP6_TAIL) || store(skb, sizeof(*a) + used, config->options, options, HNV_OPTIONS))
		return HNV_Internal;
	return HNV_ConfigurationAnswered;
}

/* Reads a UDP packet from port 546 to 547 of the servers' group, whose source was guarded; `l4` is where its UDP header begins. */
__noinline int read_dhcp6(struct __sk_buff *skb, __u32 l4)
{
	__u32 ifindex = skb->ifindex, port_id, verdict, end;
	struct hnv_dhcp6_work *w = answer_begin();
	struct hnv_dhcp6 *config;
	struct hnv_lease *lease;
	struct hnv_port *port;
	__be16 payload, length;
	__be32 vsid;
	int type;

	port = bpf_map_lookup_elem(&ports, &ifindex);
	if (!w || !port)
		return HNV_Internal;
	vsid = port->vsid;
	port_id = port->port_id;
	config = bpf_map_lookup_elem(&dhcp6, &vsid);
	if (!config)
		return HNV_None;
	if (bpf_skb_load_bytes(skb, HNV_ETH_LEN + 4, &payload, 2) || bpf_skb_load_bytes(skb, l4 + 4, &length, 2))
		return HNV_Malformed;
	end = l4 + bpf_ntohs(length);
	l4 += sizeof(struct udphdr);
	if (end < l4 + 4 || end > HNV_ETH_LEN + HNV_IP6_LEN + (__u32)bpf_ntohs(payload) ||
	    bpf_skb_load_bytes(skb, HNV_ETH_LEN + 8, &w->client, 16) || bpf_skb_load_bytes(skb, l4, &w->request, 4))
		return HNV_Malformed;
	/* Without a lease there is nothing to say of addresses: the rest of the configuration is for everybody. */
	lease = bpf_map_lookup_elem(&leases, &port_id);
	if ((!lease || address_is_zero(&lease->address6)) && w->request.type != HNV_DHCP6_INFORMATION_REQUEST)
		return HNV_None;
	verdict = parse_dhcp6_options(skb, w, config, l4 + 4, end);
	if (verdict)
		return verdict;
	type = answer_type6(w);
	if (type <= 0)
		return type ? HNV_Malformed : HNV_None;
	w->answer_type = type;
	return HNV_ANSWER_READY;
}

/*
 * UDP from a VM over IPv6 to a group that may be for the subnet's DHCPv6 server; HNV_NOT_ANSWERED when it is not. Its source is ::, or
 * was guarded.
 */
static __always_inline int dhcp6_from_vm(struct __sk_buff *skb, struct hnv_decision *d, const struct hnv_port *port,
					 const struct hnv_frame *f)
{
	const struct hnv_addr servers = { .bytes = { 0xff, 2, [13] = 1, [15] = 2 } };
	__be32 vsid = port->vsid;
	__be16 ports[2];
	__u32 verdict;

	if (f->flags & HNV_FRAME_FRAGMENT || !address_equal(&f->dst, &servers) || bpf_skb_load_bytes(skb, f->l4_offset, ports, 4) ||
	    ports[0] != HNV_DHCP6_CLIENT || ports[1] != HNV_DHCP6_SERVER)
		return HNV_NOT_ANSWERED;
	if (!bpf_map_lookup_elem(&dhcp6, &vsid))
		return HNV_NOT_ANSWERED;
	if (!mac_equal(f->smac, port->mac))
		return drop(d, HNV_SourceCaMacMismatch);
	if (address_is_unspecified(&f->src))
		return drop(d, HNV_Malformed);
	verdict = read_dhcp6(skb, f->l4_offset);
	if (verdict == HNV_ANSWER_READY)
		verdict = write_dhcp6_tail(skb);
	return conclude(skb, d, f, verdict == HNV_ANSWER_READY ? send_dhcp6(skb) : verdict);
}

#endif
