/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* Stage: may the packet go on as it is? A link is a router, and takes one from the TTL; the router of a VPC is not seen
 * (docs/decisions/0014-both-families.md). Before anything is made or noted of the packet. */
#ifndef GINNEL_BPF_LIMITS_H
#define GINNEL_BPF_LIMITS_H

#include "bpf/ip_header.h"
#include "bpf/packet.h"

static __always_inline int stage_limits(const struct __sk_buff* skb, const struct packet* p, __u32 flags) {
  if (!(flags & GINNEL_FLOW_TRANSLATE)) return NEXT;
  if (p->hops <= 1) return DROP(TTL_EXPIRED);
  if (!(flags & (GINNEL_FLOW_TO_IPV4 | GINNEL_FLOW_TO_IPV6))) return NEXT;
  if (p->l4 != ETH_HLEN + ip_header_length(p->ethertype == bpf_htons(ETH_P_IPV6))) return DROP(TRANSLATED_OPTIONS);
  if (!(flags & GINNEL_FLOW_TO_IPV6)) return NEXT;
  /* An IPv6 packet cannot say that it is longer than 64 KiB (BIG TCP) without a header of its own. */
  if (skb->len > ETH_HLEN + IPV6_HEADER + 0xffff) return DROP(TOO_BIG);
  return p->size + IPV6_HEADER - IPV4_HEADER > GINNEL_MTU ? DROP(TOO_BIG) : NEXT;
}

static __always_inline int stage_new_limits(const struct __sk_buff* skb, const struct packet* p) {
  const struct decision* d = scratch_decision();
  return d ? stage_limits(skb, p, d->forward.flags) : DROP(FLOW_TABLE_FULL);
}

#endif
