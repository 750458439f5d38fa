/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_STAGES_H
#define HNV_STAGES_H

#include "kernel.h"

/*
 * Programs that others end in, by tail call: each is verified alone, has the whole stack, and is in a file with its name. A stage takes the
 * frame as it came, and the decision record of its CPU; all else it looks up again.
 *
 * While programs are replaced, those of an older build end in the stages of the newer one. So a number keeps its meaning, and what
 * a stage is to be told: another meaning is another number. src/Hnv.Datapath/Programs/ProgramStages.cs mirrors the list; a test compares both.
 *
 *      X(program, number)
 */
#define HNV_STAGES(X)                                                                                                          \
	X(port_ask, 0)                                                                                                         \
	X(port_neighbours, 1)                                                                                                  \
	X(port_groups, 2)                                                                                                      \
	X(port_gateway, 3)                                                                                                     \
	X(port_copies, 4)                                                                                                      \
	X(port_moved, 5)                                                                                                       \
	/* frames from the provider network, by their form */                                                                  \
	X(uplink_nvgre6, 8)                                                                                                    \
	X(uplink_vxlan4, 9)                                                                                                    \
	X(uplink_vxlan6, 10)                                                                                                   \
	X(uplink_mtu6, 11)

#define HNV_STAGES_ROOM 16

enum hnv_stage {
#define X(program, number) HNV_STAGE_##program = (number),
	HNV_STAGES(X)
#undef X
};

/* An agent puts its stages in before the programs that end in them; the pin keeps them there. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, HNV_STAGES_ROOM);
	__uint(key_size, 4);
	__uint(value_size, 4);
} stages SEC(".maps");

#endif
