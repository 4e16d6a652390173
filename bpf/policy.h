/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* Stage: security groups, for the first packet of a flow: the sender's egress rules, then the receiver's ingress rules;
 * behind a load balancer its rules in both directions, then the target's ingress rules. */
#ifndef GINNEL_BPF_POLICY_H
#define GINNEL_BPF_POLICY_H

#include "bpf/packet.h"

static __always_inline int in_prefix(const struct ginnel_address* address, const struct ginnel_rule* rule) {
  const int prefix = rule->prefix;
  if (prefix < 96 && is_mapped(address)) return 0; /* ::/0 is about IPv6 only */
  for (int i = 0; i < 4; i++) {
    const int bits = prefix - 32 * i;
    if (bits <= 0) break;
    const __u32 mask = bits >= 32 ? ~0u : ~0u << (32 - bits);
    if ((address->word[i] ^ rule->peer.word[i]) & bpf_htonl(mask)) return 0;
  }
  return 1;
}

static __always_inline int covers(const struct ginnel_rule* rule, const struct question* q) {
  if (rule->protocol != GINNEL_ANY_PROTOCOL) {
    if (rule->protocol != q->protocol) return 0;
    if (ginnel_is_icmp(q->protocol)) {
      if (rule->from_port != GINNEL_ANY_ICMP && rule->from_port != q->port) return 0;
      if (rule->to_port != GINNEL_ANY_ICMP && rule->to_port != q->code) return 0;
    } else if (q->protocol == IPPROTO_TCP || q->protocol == IPPROTO_UDP) {
      if (q->port < rule->from_port || q->port > rule->to_port) return 0;
    }
  }
  if (!rule->group) return !q->members_only && in_prefix(&q->peer, rule);
  if (q->foreign) return 0;
  struct ginnel_member_key key = {.group = rule->group, .address = q->peer};
  return bpf_map_lookup_elem(&group_members, &key) != 0;
}

static int ask_rule(__u32 index, void* context) {
  struct question* q = context;
  __u32 at = q->offset + index;
  const struct ginnel_rule* rule = bpf_map_lookup_elem(&rules, &at);
  if (!rule) return 1;
  if (!covers(rule, q)) return 0;
  q->allowed = 1;
  return 1;
}

/* 1 if a rule of that direction allows what `question` of the scratch asks, else 0. A global function, so that it is
 * verified by itself. */
__attribute__((noinline)) int allows(__u32 policy_number, __u32 ingress) {
  const struct decision* d = scratch_decision();
  if (!d) return 0;
  const struct ginnel_policy* policy = bpf_map_lookup_elem(&policies, &policy_number);
  if (!policy) return 0;
  const struct ginnel_rule_range range = ingress ? policy->ingress : policy->egress;
  struct question q = d->question; /* bpf_loop takes nothing but the stack */
  const int ipv4 = is_mapped(&q.peer);
  q.offset = range.offset + (ipv4 ? 0 : range.ipv4_only);
  q.allowed = 0;
  __u32 count = range.count - (ipv4 ? range.ipv6_only : range.ipv4_only);
  if (count > GINNEL_MAX_RULES_PER_POLICY) count = GINNEL_MAX_RULES_PER_POLICY;
  bpf_loop(count, ask_rule, &q, 0);
  return q.allowed;
}

#define EGRESS 0
#define INGRESS 1

/* Of the address or port that the packet itself names. */
static __always_inline int allows_packet(struct decision* d, __u32 policy, __u32 direction) {
  const struct ginnel_flow_key* key = &d->key;
  d->question.peer = direction == INGRESS ? key->source : key->destination;
  d->question.port = ginnel_is_icmp(key->protocol) ? key->icmp_type : bpf_ntohs(key->destination_port);
  d->question.code = key->icmp_code;
  return allows(policy, direction);
}

/* Of what the packet becomes: the target's port, and one of its addresses. */
static __always_inline int allows_forward(struct decision* d, __u32 policy, __u32 direction,
                                          const struct ginnel_address* peer) {
  d->question.peer = *peer;
  d->question.port = bpf_ntohs(d->forward.destination_port);
  return allows(policy, direction);
}

/* Between the client and the balancer, and between the balancer and its target. */
static __always_inline int stage_balancer_policy(struct decision* d) {
  if (d->rules & RULES_BALANCER_IN) {
    d->question.foreign = d->key.scope != d->forward.out_scope;
    if (!allows_packet(d, d->balancer_policy, INGRESS)) return DROP(BALANCER_DENIED);
  }
  d->question.foreign = 0;
  if ((d->rules & RULES_BALANCER_OUT) && !allows_forward(d, d->balancer_policy, EGRESS, &d->forward.destination))
    return DROP(BALANCER_DENIED);
  if (!(d->rules & RULES_TARGET) || allows_forward(d, d->target_policy, INGRESS, &d->forward.source)) return NEXT;
  /* The target sees the client, but its rules may name the balancer's group (AWS, security groups of an NLB). */
  d->question.members_only = 1;
  if ((d->rules & RULES_NODE) && allows_forward(d, d->target_policy, INGRESS, &d->node)) return NEXT;
  return DROP(TARGET_DENIED);
}

static __always_inline int stage_policy(struct packet* p) {
  struct decision* d = scratch_decision();
  if (!d) return DROP(EGRESS_DENIED);
  d->question.protocol = d->key.protocol;
  d->question.foreign = d->question.members_only = 0;
  if ((d->rules & RULES_SENDER) && !allows_packet(d, p->port->policy, EGRESS)) return DROP(EGRESS_DENIED);
  if ((d->rules & RULES_RECEIVER) && !allows_packet(d, d->receiver_policy, INGRESS)) return DROP(INGRESS_DENIED);
  return d->rules & (RULES_BALANCER_IN | RULES_BALANCER_OUT | RULES_TARGET) ? stage_balancer_policy(d) : NEXT;
}

#endif
