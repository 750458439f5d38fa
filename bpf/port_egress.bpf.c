/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * tc egress of a port: the guard. Only what these programs sent may enter a VM; the host's own stack is not for tenants.
 * What is delivered straight into the VM's namespace (bpf_redirect_peer) does not pass here.
 */
#include "lib/decide.h"

char LICENSE[] SEC("license") = "GPL";

SEC("tc")
int port_egress(struct __sk_buff *skb)
{
	__u32 ifindex = skb->ifindex, bytes = skb->len;
	struct hnv_port *port;

	if (skb->mark == HNV_MARK_DELIVER) {
		skb->mark = 0;
		return TC_ACT_OK;
	}
	port = bpf_map_lookup_elem(&ports, &ifindex);
	count(port ? port->port_id : 0, HNV_HostStackFrame, bytes);
	return TC_ACT_SHOT;
}
