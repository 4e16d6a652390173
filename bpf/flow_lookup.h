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

#define FLOW_OVER 1
#define FLOW_IDLE 2

/* A packet comes after one of its flow's entries was silent for its limit; the key in the scratch. If the other one
 * was, too, the flow is over and ended, and this packet is of none: FLOW_OVER. But in the midst of a connection both
 * ends must learn of it: FLOW_IDLE, to be cut. NEXT if the flow lives. */
__attribute__((noinline)) int end_idle(__u32 tcp_flags, __u32 now) {
  const struct decision* d = scratch_decision();
  struct cut_scratch* s = scratch_cut();
  const struct ginnel_flow* flow = d && s ? bpf_map_lookup_elem(&flows, &d->key) : NULL;
  if (!flow) return FLOW_OVER;
  s->partner = ginnel_flow_partner(&d->key, flow);
  const struct ginnel_flow* other = bpf_map_lookup_elem(&flows, &s->partner);
  if (other && !is_idle_at(other, d->key.protocol, now)) return NEXT;
  const int connected = (flow->state & GINNEL_FLOW_ESTABLISHED) && !ginnel_flow_closed(flow->state);
  if (d->key.protocol == IPPROTO_TCP && connected && !(tcp_flags & (TCP_SYN | TCP_RST))) return FLOW_IDLE;
  end_entry_of(&d->key);
  end_entry_of(&s->partner);
  return FLOW_OVER;
}

/* Whether the address stands for others, so that nobody there would answer to what belongs to no flow: of a link, which
 * it finds, or of an interface without a port. */
static __always_inline int is_no_port(struct packet* p) {
  struct ginnel_destination_key key = {.vpc = p->key.scope, .address = p->key.destination};
  const struct ginnel_destination* to = bpf_map_lookup_elem(&destinations, &key);
  if (to && !(to->flags & GINNEL_DESTINATION_ENDPOINT)) return 0;
  const __u32 known = opaque(to != NULL); /* two pointers would be put together, which the verifier refuses */
  struct ginnel_link_key link = {
      .vpc = p->key.scope, .address = p->key.destination, .port = p->key.destination_port, .protocol = p->key.protocol};
  p->link = bpf_map_lookup_elem(&links, &link);
  return known || p->link;
}

/* Whose it is and its key, for what the functions above do. */
static __always_inline int note_packet(const struct __sk_buff* skb, const struct packet* p,
                                       const struct ginnel_flow* flow) {
  struct decision* d = scratch_decision();
  if (!d) return 0;
  d->key = p->key;
  note_whose(skb, p, flow);
  return 1;
}

/* A TCP segment that is of no flow and opens none. The ends of a connection that Ginnel has forgotten, or never knew,
 * learn that it is none where nobody else would tell them. */
static __always_inline int unknown_segment(struct __sk_buff* skb, struct packet* p, __u32 reason) {
  if (reason != GINNEL_DROP_SYSTEM_NO_FLOW && !is_no_port(p)) return -(int)reason;
  return note_packet(skb, p, NULL) ? refuse_segment(skb, p->l4, reason) : -(int)reason;
}

/* What is of no known flow: NEXT if it may open one. */
static __always_inline int judge_unknown(struct __sk_buff* skb, struct packet* p) {
  const int system = p->port->flags & GINNEL_PORT_SYSTEM;
  if (on_hold()) return DROP(UPGRADING);
  if (p->special == SPECIAL_LATER) return DROP(FRAGMENT_UNKNOWN);
  if (p->key.protocol == IPPROTO_TCP)
    return is_open(p->tcp_flags) ? NEXT
                                 : unknown_segment(skb, p, system ? GINNEL_DROP_SYSTEM_NO_FLOW : GINNEL_DROP_NO_FLOW);
  if (system) return DROP(SYSTEM_NO_FLOW);
  if (ginnel_is_icmp(p->key.protocol) && ginnel_icmp_is_answer(p->key.protocol, p->key.icmp_type)) return DROP(NO_FLOW);
  return NEXT;
}

static __always_inline int stage_flow(struct __sk_buff* skb, struct packet* p) {
  struct ginnel_flow* flow = bpf_map_lookup_elem(&flows, &p->key);
  p->now_s = now_s();
  int cut = flow && (flow->state & GINNEL_FLOW_CUT) ? GINNEL_DROP_FLOW_CUT : 0;
  /* The idle time is asked once a second at most. */
  if (flow && !cut && flow->last_seen_s != p->now_s && is_idle_at(flow, p->key.protocol, p->now_s)) {
    const int answer = note_packet(skb, p, flow) ? end_idle(p->tcp_flags, p->now_s) : NEXT;
    if (answer == FLOW_OVER) flow = NULL;
    if (answer == FLOW_IDLE) cut = GINNEL_DROP_IDLE_RESET;
  }
  if (flow && cut) return note_packet(skb, p, flow) ? cut_flow(skb, p->l4, cut) : -cut;
  if (flow && !opens_anew(p, flow)) {
    p->flow = flow;
    return NEXT;
  }
  return judge_unknown(skb, p);
}

#endif
