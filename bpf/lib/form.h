/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_FORM_H
#define HNV_FORM_H

#include "../include/kernel.h"
#include "../include/layouts.h"

/*
 * The form that an object reads at the uplink: family of the provider addresses, and encapsulation. Each form is an object of its own
 * (uplink_*.bpf.c), so that the place where the tenant's frame begins is a constant in it.
 */
#ifndef HNV_FORM_FAMILY
#define HNV_FORM_FAMILY 4
#define HNV_FORM_ENCAPSULATION HNV_ENCAP_NVGRE
#endif

#define HNV_OUTER_IP_LEN (HNV_FORM_FAMILY == 6 ? HNV_IP6_LEN : HNV_IP4_LEN)

/* Where the outer IP header ends and the encapsulation's begins; where the tenant's frame begins; the four bytes before it are VSID and FlowID. */
#define HNV_TUNNEL_OFFSET (HNV_ETH_LEN + HNV_OUTER_IP_LEN)
#define HNV_INNER (HNV_TUNNEL_OFFSET + HNV_TUNNEL_LEN(HNV_FORM_ENCAPSULATION))
#define HNV_KEY_OFFSET (HNV_INNER - 4)

#define HNV_NVGRE_LEN 8
#define HNV_VXLAN_LEN 16 /* UDP included */

/* What an encapsulation is to the IP header in front of it, and to the kernel: its length, its protocol, how it describes super-packets in it. */
#define HNV_TUNNEL_LEN(encapsulation) ((encapsulation) == HNV_ENCAP_VXLAN ? HNV_VXLAN_LEN : HNV_NVGRE_LEN)
#define HNV_TUNNEL_PROTOCOL(encapsulation) ((encapsulation) == HNV_ENCAP_VXLAN ? HNV_IPPROTO_UDP : HNV_IPPROTO_GRE)
#define HNV_TUNNEL_ROOM_FLAG(encapsulation) ((encapsulation) == HNV_ENCAP_VXLAN ? BPF_F_ADJ_ROOM_ENCAP_L4_UDP : BPF_F_ADJ_ROOM_ENCAP_L4_GRE)

/* REDIRECT and UNREACHABLE are defined in NVGRE over IPv4 alone. */
#define HNV_FORM_HAS_MESSAGES (HNV_FORM_FAMILY == 4 && HNV_FORM_ENCAPSULATION == HNV_ENCAP_NVGRE)

#endif
