/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Stage of uplink_ingress: VXLAN over IPv4. */
#define HNV_FORM_FAMILY 4
#define HNV_FORM_ENCAPSULATION HNV_ENCAP_VXLAN
#include "lib/uplink.h"

char LICENSE[] SEC("license") = "GPL";

SEC("tc")
int uplink_vxlan4(struct __sk_buff *skb)
{
	return stage_of_uplink(skb);
}
