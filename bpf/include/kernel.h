/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_KERNEL_H
#define HNV_KERNEL_H

#include <linux/types.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

/* Flags newer than the headers of the oldest supported distribution (uapi/linux/bpf.h of Linux 6.3). */
#define HNV_DECAP_L3_IPV4 (1ULL << 7)
#define HNV_DECAP_L3_IPV6 (1ULL << 8)

/* uapi/linux/if_packet.h: the frame is for this stack, whatever its destination MAC was. */
#define HNV_PACKET_HOST 0

#define HNV_EALREADY 114
#define HNV_AF_INET 2
#define HNV_AF_INET6 10

#define HNV_IPPROTO_ICMP 1
#define HNV_IPPROTO_TCP 6
#define HNV_IPPROTO_UDP 17
#define HNV_IPPROTO_GRE 47
#define HNV_IPPROTO_ICMPV6 58

/*
 * A length that is not 0, cut to `most`, in steps that the verifier of Linux 6.1 can follow to where a helper wants a length of at least 1:
 * it does not conclude from "not 0" that a number is 1 or more (6.8 does).
 */
static __always_inline __u32 at_most(__u32 length, __u32 most)
{
	length--;
	barrier_var(length);
	if (length > most - 1)
		length = most - 1;
	return length + 1;
}

#define HNV_ETH_LEN 14
#define HNV_ARP_LEN 28 /* for IPv4 over Ethernet */
#define HNV_IP4_LEN 20
#define HNV_IP6_LEN 40

#endif
