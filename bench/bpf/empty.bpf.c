/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What measuring itself costs. */
#include "kernel.h"

char LICENSE[] SEC("license") = "GPL";

SEC("tc")
int empty(struct __sk_buff *skb)
{
	return TC_ACT_OK;
}
