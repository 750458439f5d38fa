/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_ADDRESS_H
#define HNV_ADDRESS_H

#include "../include/kernel.h"
#include "../include/layouts.h"

/* Addresses are 16 bytes, IPv4 as ::ffff:a.b.c.d (RFC 4291, 2.5.5.2), and MACs 6. Packets are not aligned: bytes are copied. */

static __always_inline struct hnv_addr address4(__be32 address)
{
	struct hnv_addr a = { .bytes = { [10] = 0xff, [11] = 0xff } };

	__builtin_memcpy(&a.bytes[12], &address, 4);
	return a;
}

static __always_inline __be32 address_to4(const struct hnv_addr *a)
{
	__be32 address;

	__builtin_memcpy(&address, &a->bytes[12], 4);
	return address;
}

static __always_inline int address_equal(const struct hnv_addr *a, const struct hnv_addr *b)
{
	__u64 x[2], y[2];

	__builtin_memcpy(x, a, 16);
	__builtin_memcpy(y, b, 16);
	return x[0] == y[0] && x[1] == y[1];
}

/* All zeros: "none" in map values, and the unspecified IPv6 address. */
static __always_inline int address_is_zero(const struct hnv_addr *a)
{
	__u64 x[2];

	__builtin_memcpy(x, a, 16);
	return !(x[0] | x[1]);
}

/* 0.0.0.0 or ::. */
static __always_inline int address_is_unspecified(const struct hnv_addr *a)
{
	__u64 high;
	__u32 middle, low;

	__builtin_memcpy(&high, a->bytes, 8);
	__builtin_memcpy(&middle, a->bytes + 8, 4);
	__builtin_memcpy(&low, a->bytes + 12, 4);
	return !high && !low && (!middle || middle == bpf_htonl(0xffff));
}

/* ::ffff:0:0/96 */
static __always_inline int address_is_mapped4(const struct hnv_addr *a)
{
	__u64 high;
	__u32 middle;

	__builtin_memcpy(&high, a->bytes, 8);
	__builtin_memcpy(&middle, a->bytes + 8, 4);
	return !high && middle == bpf_htonl(0xffff);
}

/* fe80::/10 */
static __always_inline int address_is_link_local6(const struct hnv_addr *a)
{
	return a->bytes[0] == 0xfe && (a->bytes[1] & 0xc0) == 0x80;
}

static __always_inline int address_is_multicast6(const struct hnv_addr *a)
{
	return a->bytes[0] == 0xff;
}

/* 224.0.0.0/4, and 255.255.255.255 with the rest of class E, which no VM may have. */
static __always_inline int address_is_multicast4(const struct hnv_addr *a)
{
	return a->bytes[12] >= 0xe0;
}

static __always_inline int mac_equal(const __u8 *a, const __u8 *b)
{
	__u32 x, y;
	__u16 v, w;

	__builtin_memcpy(&x, a, 4);
	__builtin_memcpy(&y, b, 4);
	__builtin_memcpy(&v, a + 4, 2);
	__builtin_memcpy(&w, b + 4, 2);
	return x == y && v == w;
}

static __always_inline void mac_copy(__u8 *to, const __u8 *from)
{
	__builtin_memcpy(to, from, 6);
}

static __always_inline int mac_is_group(const __u8 *mac)
{
	return mac[0] & 1;
}

/*
 * Whether the MAC looks like a distributed gateway's, as agents choose it. Only a hint at which lookup answers first; the truth is in
 * subnets.
 */
static __always_inline int mac_hints_gateway(const __u8 *mac)
{
	__u32 first;

	__builtin_memcpy(&first, mac, 4);
	return first == bpf_htonl(0x02484e56);
}

/* The MAC that a modified EUI-64 link-local address embeds (RFC 4291, appendix A); 0 when the address is of another kind. */
static __always_inline int mac_from_eui64(const struct hnv_addr *a, __u8 *mac)
{
	__u64 prefix;

	__builtin_memcpy(&prefix, a->bytes, 8);
	if (prefix != bpf_cpu_to_be64(0xfe80000000000000ULL) || a->bytes[11] != 0xff || a->bytes[12] != 0xfe)
		return 0;
	mac[0] = a->bytes[8] ^ 2;
	mac[1] = a->bytes[9];
	mac[2] = a->bytes[10];
	mac[3] = a->bytes[13];
	mac[4] = a->bytes[14];
	mac[5] = a->bytes[15];
	return 1;
}

#endif
