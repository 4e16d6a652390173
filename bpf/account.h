/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* Stage: what the flow is told of the packet. */
#ifndef GINNEL_BPF_ACCOUNT_H
#define GINNEL_BPF_ACCOUNT_H

#include "bpf/count.h"
#include "bpf/packet.h"

/* Bits that this packet adds to the flow's state. */
static __always_inline __u32 news(const struct packet* p, const struct ginnel_flow* flow) {
  const int reverse = flow->flags & GINNEL_FLOW_REVERSE;
  __u32 bits = reverse ? GINNEL_FLOW_ANSWERED : 0;
  if (p->tcp_flags & TCP_RST) {
    bits |= GINNEL_FLOW_RST;
  } else if (!reverse && (p->tcp_flags & TCP_ACK) && (flow->state & GINNEL_FLOW_ANSWERED)) {
    bits |= GINNEL_FLOW_ESTABLISHED;
  }
  if (p->tcp_flags & TCP_FIN) bits |= reverse ? GINNEL_FLOW_FIN_REVERSE : GINNEL_FLOW_FIN_FORWARD;
  return bits;
}

static __always_inline void note_reset(const struct packet* p, const struct ginnel_flow* flow) {
  struct count_scratch* s = scratch_count(COUNT_OF_PACKETS);
  if (!s) return;
  s->link = ginnel_link_of(&p->key, flow);
  count_reset(flow->iif, flow->oif, flow->flags & GINNEL_FLOW_REVERSE);
}

static __always_inline int stage_account(struct __sk_buff* skb, struct packet* p) {
  struct ginnel_flow* flow = p->flow;
  const __u32 now = p->now_s, bits = news(p, flow);
  if (flow->last_seen_s != now) flow->last_seen_s = now; /* written once a second: the line is shared by CPUs */
  __sync_fetch_and_add(&flow->packets, 1);
  const __u64 before = __sync_fetch_and_add(&flow->bytes, skb->len);
  asm volatile("" ::"r"(before)); /* in order before the state is read: see count_held() */
  if (p->tcp_flags & TCP_RST) note_reset(p, flow);
  if ((flow->state & (bits | GINNEL_FLOW_ENDED)) == bits) return NEXT;

  if (flow->state & GINNEL_FLOW_ENDED) return count_late(&p->key, flow);
  __sync_fetch_and_or(&flow->state, bits);
  struct ginnel_flow_key key = ginnel_flow_partner(&p->key, flow);
  struct ginnel_flow* partner = bpf_map_lookup_elem(&flows, &key);
  if (partner) __sync_fetch_and_or(&partner->state, bits);
  return NEXT;
}

#endif
