/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* IPv6 extension headers (RFC 8200 section 4), as far as the transport header. */
#ifndef GINNEL_BPF_IPV6_H
#define GINNEL_BPF_IPV6_H

#include "bpf/packet.h"

#define NEXT_HOP_BY_HOP 0
#define NEXT_ROUTING 43
#define NEXT_FRAGMENT 44
#define NEXT_DESTINATION 60
/* A sender has use for four at most: RFC 8200 section 4.1, without the routing header. */
#define MOST_EXTENSIONS 6

struct ipv6_walk {
  __u32 next;     /* the header at */
  __u32 at;       /* this offset */
  __u32 fragment; /* not the whole datagram: */
  __u32 offset;   /* where this part begins, in bytes; and its next header is as above */
  __u32 more;     /* others come after it */
  __be32 id;
  __u32 id_at; /* offset of the latter */
};

static __always_inline int is_extension(__u8 next) {
  return next == NEXT_HOP_BY_HOP || next == NEXT_DESTINATION || next == NEXT_FRAGMENT || next == NEXT_ROUTING;
}

struct ipv6_extension {
  __u8 next, length; /* without its first 8 bytes, in units of 8 */
  __be16 fragment;   /* of a fragment header: offset, and whether more come */
  __be32 id;
};

/* One header: 0, or the negated reason of a drop. */
static __always_inline int pass_extension(struct __sk_buff* skb, struct ipv6_walk* walk) {
  struct ipv6_extension header;
  if (walk->next == NEXT_ROUTING) return DROP(ROUTING_HEADER);
  if (walk->at > L4_MOST || bpf_skb_load_bytes(skb, walk->at, &header, sizeof header)) return DROP(MALFORMED);
  if (walk->next == NEXT_FRAGMENT) {
    const __u16 where = bpf_ntohs(header.fragment);
    if (walk->fragment) return DROP(MALFORMED);
    walk->offset = where & 0xfff8;
    walk->more = where & 1;
    walk->fragment = walk->offset || walk->more;
    walk->id = header.id;
    walk->id_at = walk->at + offsetof(struct ipv6_extension, id);
    walk->at += sizeof header;
  } else {
    walk->at += (header.length + 1u) * 8;
  }
  walk->next = header.next;
  return 0;
}

/* To the first header that is none of these, or the end of what a later fragment tells. Reads the kernel's copy, so
 * packet pointers stay as they are. */
__attribute__((noinline)) int walk_extensions(struct __sk_buff* skb, struct ipv6_walk* walk) {
  if (!walk) return DROP(MALFORMED);
  for (int i = 0; i < MOST_EXTENSIONS; i++) {
    if (!is_extension(walk->next) || walk->offset) return 0;
    if (walk->next == NEXT_HOP_BY_HOP && i > 0) return DROP(MALFORMED); /* the first or nowhere */
    const int result = pass_extension(skb, walk);
    if (result) return result;
  }
  return is_extension(walk->next) && !walk->offset ? DROP(EXTENSION_HEADERS) : 0;
}

#endif
