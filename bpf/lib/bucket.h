/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_BUCKET_H
#define HNV_BUCKET_H

#include "../include/maps.h"

/* Token buckets: a burst, then a steady rate. Two CPUs may take the same tokens: the limit is a guard, not a measure. */

/*
 * How many tokens there are now, with one for every interval since `last_ns`, but no more than `burst`. What is left of an interval counts for the
 * next token; so does another CPU's later reading of the clock.
 */
static __always_inline __u64 bucket_refill(__u64 *last_ns, __u64 tokens, __u64 now, __u64 interval_ns, __u64 burst)
{
	__u64 earned = now > *last_ns ? (now - *last_ns) / interval_ns : 0;

	if (!earned)
		return tokens;
	*last_ns += earned * interval_ns;
	tokens += earned;
	return tokens > burst ? burst : tokens;
}

/* Takes `cost` tokens of the bucket that the key has in the map, if `leaves` of them remain. A key without one gets a full one. Returns whether it did. */
static __always_inline int bucket_take(void *buckets, const void *key, __u64 cost, __u64 leaves, __u64 now, __u64 interval_ns, __u64 burst)
{
	struct hnv_bucket *bucket = bpf_map_lookup_elem(buckets, key);

	if (!bucket) {
		struct hnv_bucket full = { .last_ns = now, .tokens = burst - cost };

		bpf_map_update_elem(buckets, key, &full, BPF_NOEXIST);
		return 1;
	}
	bucket->tokens = bucket_refill(&bucket->last_ns, bucket->tokens, now, interval_ns, burst);
	if (bucket->tokens < cost + leaves)
		return 0;
	bucket->tokens -= cost;
	return 1;
}

#endif
