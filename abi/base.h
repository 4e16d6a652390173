/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* What every header of this folder needs. They are plain C, for clang -target bpf and for g++ alike: the packet program
 * and the daemon share these very bytes by way of maps. Names carry the prefix ginnel_ because C has no namespaces.
 *
 * Byte order: addresses and fields of type __be16 are in network order, all others in the machine's. */
#ifndef GINNEL_ABI_BASE_H
#define GINNEL_ABI_BASE_H

#include <linux/types.h>

#ifdef __cplusplus
#include <type_traits>
#endif

/* Of the layout of all maps together. A daemon that finds a program with another number must not write to its maps. */
#define GINNEL_LAYOUT_VERSION 4u

/* The size is part of the contract; and no byte is left undefined, since the kernel compares keys byte by byte. */
#ifdef __cplusplus
#define GINNEL_LAYOUT(type, size)                                 \
  static_assert(sizeof(struct type) == (size), "size of " #type); \
  static_assert(std::has_unique_object_representations_v<struct type>, "padding in " #type)
#else
#define GINNEL_LAYOUT(type, size) _Static_assert(sizeof(struct type) == (size), "size of " #type)
#endif

/* 128 bits in network order; IPv4 as ::ffff:a.b.c.d, so that one layout serves both families. */
struct ginnel_address {
  __u32 word[4];
};
GINNEL_LAYOUT(ginnel_address, 16);

#define GINNEL_TCP 6
#define GINNEL_UDP 17
#define GINNEL_ICMP 1
#define GINNEL_ICMPV6 58

#endif
