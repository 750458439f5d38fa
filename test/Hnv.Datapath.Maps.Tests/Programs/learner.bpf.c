/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Learns as the real programs do, as fast as it is run: every run writes the next key into the map behind `learned`. */
#include "include/maps.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} _sequence SEC(".maps");

char LICENSE[] SEC("license") = "GPL";

SEC("tc")
int learner(struct __sk_buff *skb)
{
	struct hnv_record_key key = {};
	struct hnv_learned value = {};
	__u32 zero = 0, *next = bpf_map_lookup_elem(&_sequence, &zero);
	void *inner = bpf_map_lookup_elem(&learned, &zero);

	if (!next || !inner)
		return 255;
	key.vsid = ++*next;
	value.seen_ns = *next;
	return -bpf_map_update_elem(inner, &key, &value, BPF_ANY);
}
