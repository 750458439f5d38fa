/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* tc ingress at the far end of the pair in which super-packets for a tap lose their tunnel state. */
#include "kernel.h"

char LICENSE[] SEC("license") = "GPL";

const volatile __u32 port = 0; /* set by the loader */

SEC("tc")
int bare_normaliser(struct __sk_buff *skb)
{
	return bpf_redirect(port, 0);
}
