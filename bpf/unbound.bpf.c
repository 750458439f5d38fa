/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* tc ingress and egress of a port that is bound no more: nothing passes until its device is gone, or bound again. */
#include "lib/decide.h"

char LICENSE[] SEC("license") = "GPL";

SEC("tc")
int unbound(struct __sk_buff *skb)
{
	count(0, HNV_PortUnbound, skb->len);
	return TC_ACT_SHOT;
}
