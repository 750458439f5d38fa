/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Stage of port_ingress: the distributed gateway's own word.
 *
 *   frames to it       echo and DHCP are answered (lib/gateway.h)
 *   frames that go     an ICMP error tells their sender, which the verdict says (lib/icmp_error.h)
 *   nowhere
 */
#include "lib/gateway.h"
#include "lib/stage.h"

char LICENSE[] SEC("license") = "GPL";

static __always_inline int gateway(struct __sk_buff *skb, struct hnv_decision *d, const struct hnv_port *port, const struct hnv_frame *f, __u32 mtu)
{
	__u32 error;

	switch (d->verdict) {
	case HNV_GatewayServiceMissing:
		return to_gateway(skb, d, port, f);
	case HNV_MtuExceeded:
		error = HNV_ERROR_TOO_BIG;
		break;
	case HNV_TtlExpired:
		error = HNV_ERROR_TIME_EXCEEDED;
		break;
	case HNV_VirtualRouteMissing:
		error = HNV_ERROR_NO_ROUTE;
		break;
	default:
		error = HNV_ERROR_NO_HOST;
		break;
	}
	return drop_and_tell(skb, d, port, f, error, mtu);
}

SEC("tc")
int port_gateway(struct __sk_buff *skb)
{
	__u32 mtu = skb->cb[HNV_CB_MTU];
	__u32 ifindex = skb->ifindex, bytes = skb->len;
	struct hnv_decision *d = decision_of_stage();
	struct hnv_port *port = bpf_map_lookup_elem(&ports, &ifindex);
	struct hnv_frame f = {};
	__u32 verdict;

	if (!d || !port)
		return TC_ACT_SHOT;
	verdict = parse_frame(skb, &f);
	return finish_port(skb, d, port, bytes, verdict ? drop(d, verdict) : gateway(skb, d, port, &f, mtu));
}
