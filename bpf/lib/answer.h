/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_ANSWER_H
#define HNV_ANSWER_H

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include "deliver.h"

/*
 * What the makers of answers share. They are global functions, one to read a request and one to write the answer: the verifier looks
 * at each once, alone, and the stack of a stage has room for one at a time. They look up what they need, and return a verdict:
 *
 *   HNV_None                     not ours: let others have it
 *   HNV_ConfigurationAnswered    the skb holds the answer
 *   … | HNV_ANSWER_SILENT        answered by saying nothing
 *   HNV_ANSWER_READY             read; the answer may be written
 *   any other                    dropped
 *
 * What they read goes to the map `answers` at once. The verifier knows nothing of what lies in a map, so the ways through a loop over
 * options stay few.
 */
#define HNV_ANSWER_SILENT 0x100
#define HNV_ANSWER_READY 0x200

/* TC_ACT_* are 0 and more. */
#define HNV_NOT_ANSWERED (-2)

static __always_inline int conclude(struct __sk_buff *skb, struct hnv_decision *d, const struct hnv_frame *f, __u32 result)
{
	if (result == HNV_None)
		return HNV_NOT_ANSWERED;
	d->verdict = result & 0xff;
	return result == HNV_ConfigurationAnswered ? reply(skb, f) : TC_ACT_SHOT;
}

static __always_inline void *answer_begin(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&answers, &zero);
}

/* Longer than the way from a frame's first byte to the end of its UDP header, with IPv6. */
#define HNV_SHED 64

/*
 * Gives the skb the length of the answer; what it holds then means nothing. A request whose checksum the VM left to its device
 * says so in the skb, and a device that cannot do it would write the sum into our answer. Taking away the bytes that the note points
 * into makes the kernel forget it; so room is made at the end, and the same taken away in front.
 */
static __always_inline int resize(struct __sk_buff *skb, __u32 length)
{
	if (bpf_skb_change_tail(skb, length + HNV_SHED, 0))
		return -1;
	if (!bpf_skb_adjust_room(skb, -HNV_SHED, BPF_ADJ_ROOM_MAC, 0))
		return 0;
	return bpf_skb_change_tail(skb, length, 0);
}

/* The address that the gateway has on every link: fe80::/64 and its MAC (RFC 4291, appendix A). */
static __always_inline void write_link_local(__u8 *address, const __u8 *mac)
{
	__builtin_memset(address, 0, 16);
	address[0] = 0xfe;
	address[1] = 0x80;
	address[8] = mac[0] ^ 2;
	address[9] = mac[1];
	address[10] = mac[2];
	address[11] = 0xff;
	address[12] = 0xfe;
	address[13] = mac[3];
	address[14] = mac[4];
	address[15] = mac[5];
}

/* Stores up to `most` bytes. */
static __always_inline int store(struct __sk_buff *skb, __u32 offset, const void *bytes, __u32 length, __u32 most)
{
	if (length == 0)
		return 0;
	if (length > most)
		return -1;
	return bpf_skb_store_bytes(skb, offset, bytes, at_most(length, most), 0);
}

/* Sum of the options in a map value: all of them, as there are zeros behind their end. */
static __always_inline __s64 sum_options(__u8 *options, __s64 sum)
{
	return bpf_csum_diff(0, 0, (__be32 *)options, HNV_OPTIONS, sum);
}

#endif
