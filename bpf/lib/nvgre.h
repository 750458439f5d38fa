/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_NVGRE_H
#define HNV_NVGRE_H

#include "outer.h"

/*
 * NVGRE, RFC 7637, 3.2: GRE with a key, without checksum and sequence number.
 *
 *   | 0x2000 | 0x6558 | VSID 24 | FlowID 8 |
 */
struct hnv_nvgre {
	__be16 flags;
	__be16 proto;
	__be32 key;
};
HNV_SIZE(struct hnv_nvgre, HNV_NVGRE_LEN);

#define HNV_NVGRE_FLAGS bpf_htons(0x2000)
#define HNV_NVGRE_PROTO bpf_htons(0x6558)

static __always_inline void nvgre_write(struct hnv_nvgre *h, const struct hnv_outer *outer)
{
	h->flags = HNV_NVGRE_FLAGS;
	h->proto = HNV_NVGRE_PROTO;
	h->key = outer->key;
}

#endif
