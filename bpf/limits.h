/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* Stage: may the packet go on as it is? A link is a router, and takes one from the TTL; the router of a VPC is not seen
 * (docs/decisions/0014-both-families.md). Before anything is made or noted of the packet. */
#ifndef GINNEL_BPF_LIMITS_H
#define GINNEL_BPF_LIMITS_H

#include "bpf/fragment.h"
#include "bpf/ip_header.h"
#include "bpf/packet.h"
#include "bpf/too_big.h"

/* A datagram in fragments cannot get the checksum that IPv6 wants (RFC 7915 section 4.5). */
static __always_inline int has_sum(void) {
  const struct fragment_scratch* f = scratch_fragment();
  return f && !f->datagram.unsummed;
}

/* Of fragments the first tells for all. */
static __always_inline int too_big_for_ipv6(struct __sk_buff* skb, const struct packet* p) {
  if (p->special == SPECIAL_LATER) return DROP(TOO_BIG);
  note_whose(skb, p, p->flow);
  return answer_too_big(skb);
}

static __always_inline int stage_limits(struct __sk_buff* skb, const struct packet* p, __u32 flags) {
  if (!(flags & GINNEL_FLOW_TRANSLATE)) return NEXT;
  if (p->hops <= 1) return DROP(TTL_EXPIRED);
  if (!(flags & (GINNEL_FLOW_TO_IPV4 | GINNEL_FLOW_TO_IPV6))) return NEXT;
  const int from6 = p->ethertype == bpf_htons(ETH_P_IPV6);
  const __u32 part = p->special ? IPV6_FRAGMENT_HEADER : 0; /* which is in the way, or will be */
  if (p->l4 != ETH_HLEN + ip_header_length(from6) + (from6 ? part : 0)) return DROP(TRANSLATED_OPTIONS);
  if (!(flags & GINNEL_FLOW_TO_IPV6)) return NEXT;
  /* An IPv6 packet cannot say that it is longer than 64 KiB (BIG TCP) without a header of its own. */
  if (skb->len > ETH_HLEN + IPV6_HEADER + 0xffff) return DROP(TOO_BIG);
  if (part && !has_sum()) return DROP(FRAGMENT_UNSUMMED);
  return p->size + IPV6_HEADER - IPV4_HEADER + part > GINNEL_MTU ? too_big_for_ipv6(skb, p) : NEXT;
}

static __always_inline int stage_new_limits(struct __sk_buff* skb, const struct packet* p) {
  const struct decision* d = scratch_decision();
  return d ? stage_limits(skb, p, d->forward.flags) : DROP(FLOW_TABLE_FULL);
}

#endif
