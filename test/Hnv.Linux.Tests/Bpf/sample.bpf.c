// The object that BpfObjectTests open. It is kept compiled so that these tests need no compiler; after a change:
//   clang-16 -O2 -g -target bpf -I/usr/include/$(uname -m)-linux-gnu -c sample.bpf.c -o sample.o && llvm-strip-16 -g sample.o
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u32);
} records SEC(".maps");

const volatile __u32 answer = 7;
const volatile __u32 multiplier = 1;

SEC("tc")
int counts(struct __sk_buff *skb)
{
	__u32 zero = 0, length = skb->len;
	__u64 *n = bpf_map_lookup_elem(&counters, &zero);

	if (n)
		(*n)++;
	bpf_map_update_elem(&records, &zero, &length, BPF_ANY);
	return answer * multiplier;
}

// The verifier refuses this one: the value of a lookup is used unchecked.
SEC("?tc")
int refused(struct __sk_buff *skb)
{
	__u32 zero = 0;
	__u32 *length = bpf_map_lookup_elem(&records, &zero);

	return *length;
}

char _license[] SEC("license") = "GPL";
