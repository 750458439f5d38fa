/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_VRRP_ADVERTISEMENT_H
#define HNV_VRRP_ADVERTISEMENT_H

#include "address.h"

/* RFC 9568, 5; RFC 3768, 5: the addresses follow. */
#define HNV_IPPROTO_VRRP 112
#define HNV_VRRP_HOPS 255

struct hnv_vrrp {
	__u8 version_type, router, priority, count;
	__u8 interval[2]; /* version 2: authentication type, interval */
	__be16 checksum;
};
HNV_SIZE(struct hnv_vrrp, 8);

#define HNV_VRRP_V2_TRAILER 8 /* authentication data */

static __always_inline int read_listed(struct __sk_buff *skb, __u32 list, __u32 size, __u32 index, struct hnv_addr *address)
{
	__be32 v4;

	if (size == 16)
		return bpf_skb_load_bytes(skb, list + index * 16, address, 16) || address_is_mapped4(address);
	if (bpf_skb_load_bytes(skb, list + index * 4, &v4, 4))
		return -1;
	*address = address4(v4);
	return 0;
}

#endif
