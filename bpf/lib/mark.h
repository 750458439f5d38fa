/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_MARK_H
#define HNV_MARK_H

#include "../include/kernel.h"

/* As redirect_marked() of deliver.h, for frames that stay here. */
static __noinline int set_mark(struct __sk_buff *skb, __u32 mark)
{
	skb->mark = mark;
	return 0;
}

#endif
