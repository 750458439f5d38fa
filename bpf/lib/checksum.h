/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_CHECKSUM_H
#define HNV_CHECKSUM_H

#include <linux/ip.h>
#include "../include/kernel.h"

/* The Internet checksum, RFC 1071. */

/* Of a header without options, with its checksum field zero; of a received one, 0 means that it is right. */
static __always_inline __u16 ip4_checksum(const struct iphdr *ip)
{
	__u32 sum = 0;
	int i;

#pragma unroll
	for (i = 0; i < 10; i++) {
		__u16 word;

		__builtin_memcpy(&word, (const __u8 *)ip + 2 * i, 2);
		sum += word;
	}
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

/* What bpf_csum_diff summed up, as the field of a header. */
static __always_inline __u16 checksum_fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

/*
 * One's complement sum of a checksum and a difference, RFC 1624. Zero has two forms; 0xffff is right for every message, also for
 * one that is all zeros (an echo reply without identifier and data).
 */
static __always_inline __be16 checksum_adjust(__be16 checksum, __be16 from, __be16 to)
{
	__u32 sum = (__u16)~checksum + (__u16)~from + to;

	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff ? 0xffff : ~sum;
}

#endif
