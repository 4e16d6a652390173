/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* Stage: is the packet of a flow that is known? If not, may it open one? */
#ifndef GINNEL_BPF_FLOW_LOOKUP_H
#define GINNEL_BPF_FLOW_LOOKUP_H

#include "bpf/cut.h"
#include "bpf/packet.h"

/* A SYN on a closed flow, or from the side that was opened to, is a new connection and judged as one: a reused port
 * must not get past a rule that has been revoked, nor may a target open a connection back. */
static __always_inline int opens_anew(const struct packet* p, const struct ginnel_flow* flow) {
  return p->key.protocol == IPPROTO_TCP && is_open(p->tcp_flags) &&
         ((flow->flags & GINNEL_FLOW_REVERSE) || ginnel_flow_closed(flow->state));
}

static __always_inline int on_hold(void) {
  const __u32 zero = 0;
  const struct ginnel_settings* now = bpf_map_lookup_elem(&settings, &zero);
  return now && (now->flags & GINNEL_SETTING_HOLD);
}

static __always_inline int stage_flow(struct __sk_buff* skb, struct packet* p) {
  struct ginnel_flow* flow = bpf_map_lookup_elem(&flows, &p->key);
  if (flow && (flow->flags & GINNEL_FLOW_CUT)) {
    struct decision* d = scratch_decision();
    if (!d) return DROP(FLOW_CUT);
    d->key = p->key;
    note_whose(skb, p, flow);
    return cut_flow(skb, p->l4);
  }
  if (flow && !opens_anew(p, flow)) {
    p->flow = flow;
    return NEXT;
  }
  if (on_hold()) return DROP(UPGRADING);
  if ((p->port->flags & GINNEL_PORT_SYSTEM) && (p->key.protocol != IPPROTO_TCP || !is_open(p->tcp_flags)))
    return DROP(SYSTEM_NO_FLOW);
  if (p->key.protocol == IPPROTO_TCP && !is_open(p->tcp_flags)) return DROP(NO_FLOW);
  if (ginnel_is_icmp(p->key.protocol) && ginnel_icmp_is_answer(p->key.protocol, p->key.icmp_type)) return DROP(NO_FLOW);
  return NEXT;
}

#endif
