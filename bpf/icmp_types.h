/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* ICMP errors of one family as those of the other (RFC 7915 sections 4.2 and 5.2). */
#ifndef GINNEL_BPF_ICMP_TYPES_H
#define GINNEL_BPF_ICMP_TYPES_H

#include "bpf/ip_header.h"
#include "bpf/packet.h"

struct icmp_error {
  __u8 type, code;
  __be16 check;
  __u8 pointer; /* parameter problem of IPv4 */
  __u8 reserved;
  __be16 mtu; /* fragmentation needed */
};            /* the quoted packet follows */
struct icmpv6_error {
  __u8 type, code;
  __be16 check;
  __be32 word; /* MTU or pointer */
};

#define ICMP_PROTOCOL_UNREACHABLE 2 /* codes of ICMP_UNREACHABLE */
#define ICMP_PORT_UNREACHABLE 3
#define ICMP_FRAGMENTATION_NEEDED 4
#define ICMP_HOST_PROHIBITED 10
#define ICMP_PRECEDENCE_VIOLATION 14
#define ICMP_LAST_UNREACHABLE 15

#define ICMPV6_UNREACHABLE 1
#define ICMPV6_TOO_BIG 2
#define ICMPV6_TIME_EXCEEDED 3
#define ICMPV6_PARAMETER_PROBLEM 4
#define ICMPV6_PROHIBITED 1 /* codes of ICMPV6_UNREACHABLE */
#define ICMPV6_PORT_UNREACHABLE 4
#define ICMPV6_UNKNOWN_HEADER 1 /* of ICMPV6_PARAMETER_PROBLEM */

#define LEAST_IPV6_MTU 1280u
#define NO_POINTER 0xff
#define HEADER_DIFFERENCE (IPV6_HEADER - IPV4_HEADER)

/* A router that is older than RFC 1191 tells no MTU: the plateau of section 7 beneath the packet's length. */
static __always_inline __u32 plateau(__u32 length) {
  if (length > 8166) return 8166;
  if (length > 4352) return 4352;
  if (length > 2002) return 2002;
  return length > 1492 ? 1492 : LEAST_IPV6_MTU;
}

/* Fields of the IPv4 header by their place in IPv6's, and the other way round. */
static __always_inline __u32 pointer_to_ipv6(__u32 at) {
  if (at <= 1) return at;
  if (at <= 3) return 4; /* length */
  if (at == 8) return 7; /* hops */
  if (at == 9) return 6; /* protocol */
  if (at >= 12 && at <= 15) return 8;
  return at >= 16 && at <= 19 ? 24 : NO_POINTER;
}

static __always_inline __u32 pointer_to_ipv4(__u32 at) {
  if (at <= 1) return at;
  if (at == 4 || at == 5) return 2;
  if (at == 6) return 9;
  if (at == 7) return 8;
  if (at >= 8 && at <= 23) return 12;
  return at >= 24 && at <= 39 ? 16 : NO_POINTER;
}

static __always_inline int unreachable_to_ipv6(const struct icmp_error* in, struct icmpv6_error* out, __u32 length) {
  if (in->code == ICMP_PRECEDENCE_VIOLATION || in->code > ICMP_LAST_UNREACHABLE) return -1;
  out->type = ICMPV6_UNREACHABLE;
  if (in->code == ICMP_PROTOCOL_UNREACHABLE) {
    out->type = ICMPV6_PARAMETER_PROBLEM;
    out->code = ICMPV6_UNKNOWN_HEADER;
    out->word = bpf_htonl(offsetof(struct ipv6hdr, nexthdr));
  } else if (in->code == ICMP_PORT_UNREACHABLE) {
    out->code = ICMPV6_PORT_UNREACHABLE;
  } else if (in->code == ICMP_FRAGMENTATION_NEEDED) {
    const __u32 mtu = (in->mtu ? bpf_ntohs(in->mtu) : plateau(length)) + HEADER_DIFFERENCE;
    out->type = ICMPV6_TOO_BIG;
    out->word = bpf_htonl(mtu < LEAST_IPV6_MTU ? LEAST_IPV6_MTU : mtu);
  } else if (in->code == 9 || in->code == ICMP_HOST_PROHIBITED || in->code == 13 || in->code == ICMP_LAST_UNREACHABLE) {
    out->code = ICMPV6_PROHIBITED;
  }
  return 0;
}

/* `length`: of the quoted packet. 0, or less than 0 if there is no counterpart. */
static __always_inline int error_to_ipv6(const struct icmp_error* in, struct icmpv6_error* out, __u32 length) {
  if (in->type == ICMP_UNREACHABLE) return unreachable_to_ipv6(in, out, length);
  if (in->type == ICMP_TIME_EXCEEDED) {
    out->type = ICMPV6_TIME_EXCEEDED;
    out->code = in->code;
    return 0;
  }
  const __u32 pointer = pointer_to_ipv6(in->pointer);
  if ((in->code != 0 && in->code != 2) || pointer == NO_POINTER) return -1;
  out->type = ICMPV6_PARAMETER_PROBLEM;
  out->word = bpf_htonl(pointer);
  return 0;
}

/* `more`: what its sender's packets are longer as IPv6. */
static __always_inline int error_to_ipv4(const struct icmpv6_error* in, struct icmp_error* out, __u32 more) {
  const __u32 word = bpf_ntohl(in->word);
  if (in->type == ICMPV6_UNREACHABLE) {
    if (in->code > ICMPV6_PORT_UNREACHABLE) return -1;
    out->type = ICMP_UNREACHABLE;
    out->code = in->code == ICMPV6_PORT_UNREACHABLE ? ICMP_PORT_UNREACHABLE
                : in->code == ICMPV6_PROHIBITED     ? ICMP_HOST_PROHIBITED
                                                    : 1;
  } else if (in->type == ICMPV6_TOO_BIG) {
    if (word < LEAST_IPV6_MTU) return -1; /* no router may say so (RFC 8201 section 4) */
    out->type = ICMP_UNREACHABLE;
    out->code = ICMP_FRAGMENTATION_NEEDED;
    out->mtu = bpf_htons(word > 0xffff ? 0xffff : word - more);
  } else if (in->type == ICMPV6_TIME_EXCEEDED) {
    out->type = ICMP_TIME_EXCEEDED;
    out->code = in->code;
  } else if (in->code == ICMPV6_UNKNOWN_HEADER) {
    out->type = ICMP_UNREACHABLE;
    out->code = ICMP_PROTOCOL_UNREACHABLE;
  } else {
    const __u32 pointer = pointer_to_ipv4(word);
    if (in->code || pointer == NO_POINTER) return -1;
    out->type = ICMP_PARAMETER_PROBLEM;
    out->pointer = pointer;
  }
  return 0;
}

#endif
