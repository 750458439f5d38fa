/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Stage of uplink_ingress: an ICMPv6 message "packet too big", which the host's stack gets, too. */
#include "lib/note_path_mtu6.h"

char LICENSE[] SEC("license") = "GPL";

SEC("tc")
int uplink_mtu6(struct __sk_buff *skb)
{
	note_path_mtu6(skb);
	return TC_ACT_UNSPEC;
}
