/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Stage of uplink_ingress: NVGRE over IPv6, and whatever stands behind extension headers. */
#define HNV_FORM_FAMILY 6
#define HNV_FORM_ENCAPSULATION HNV_ENCAP_NVGRE
#include "lib/uplink.h"

char LICENSE[] SEC("license") = "GPL";

SEC("tc")
int uplink_nvgre6(struct __sk_buff *skb)
{
	return stage_of_uplink(skb);
}
