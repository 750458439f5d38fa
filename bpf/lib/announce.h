/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_ANNOUNCE_H
#define HNV_ANNOUNCE_H

#include "learn.h"
#include "source_guard.h"

/*
 * What a VM says of an address in ARP or ND: a claim where addresses are learned, and else a source like any other. Returns HNV_CLAIM_*;
 * REFUSED with the verdict in the CPU's claimant.
 */
static __noinline int announce(const struct hnv_decision *d, const struct hnv_port *port, const struct hnv_frame *f,
			       const struct hnv_addr *address, __u32 source)
{
	struct hnv_claimant *c = scratch_claimant();
	int outcome = HNV_CLAIM_OTHER;

	if (!c)
		return HNV_CLAIM_OTHER;
	if (port->learn_limit && guard_mac(port, f->smac)) {
		claimant_of_port(c, d, port, f->ifindex, f->smac, source);
		c->key.ca = *address;
		outcome = claim_local();
	}
	if (outcome != HNV_CLAIM_OTHER)
		return outcome;
	c->verdict = address_is_link_local6(address) ? guard_link_local(port, f->ifindex, address, f->smac) :
						       guard_address(port, f->ifindex, address, f->smac);
	return c->verdict ? HNV_CLAIM_REFUSED : HNV_CLAIM_STANDS;
}

#endif
