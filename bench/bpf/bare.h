/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef BARE_H
#define BARE_H

#include "lib/checksum.h"

/*
 * NVGRE between two fixed hosts, without policy, checks or counters: what the work on the packet itself costs. The full programs
 * (../../bpf) are measured against it.
 */
struct bare_headers {
	struct ethhdr outer;
	struct iphdr ip;
	__be16 gre_flags;
	__be16 gre_proto;
	__be32 key;
	struct ethhdr inner;
} __attribute__((packed));

#define BARE_ROOM 42

#endif
