/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Never attached: run by BPF_PROG_RUN on a frame that a port's VM shall seem to have sent; cb[0] is the port's interface. A test run
 * redirects nothing, but a clone goes through the port's ingress like any frame.
 */
#include "include/kernel.h"

char LICENSE[] SEC("license") = "GPL";

SEC("tc")
int inject(struct __sk_buff *skb)
{
	return bpf_clone_redirect(skb, skb->cb[0], BPF_F_INGRESS);
}
