/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* Stage: security groups, for the first packet of a flow: the sender's egress rules, then the receiver's ingress rules.
 */
#ifndef GINNEL_BPF_POLICY_H
#define GINNEL_BPF_POLICY_H

#include "bpf/packet.h"

/* One flow asked of one range of rules. */
struct question {
  struct ginnel_address peer;
  __u32 offset;
  __u16 port; /* of the receiver; ICMP: the type */
  __u8 protocol;
  __u8 allowed;
};

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
    if (q->protocol == IPPROTO_ICMP) {
      if (rule->from_port != GINNEL_ANY_ICMP && rule->from_port != q->port) return 0;
      if (rule->to_port != GINNEL_ANY_ICMP && rule->to_port != 0) return 0; /* the code of an echo is 0 */
    } else if (q->port < rule->from_port || q->port > rule->to_port) {
      return 0;
    }
  }
  if (!rule->group) return in_prefix(&q->peer, rule);
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

/* 1 if a rule of that direction allows the flow, else 0. A global function, so that it is verified by itself. */
__attribute__((noinline)) int allows(__u32 policy_number, __u32 ingress) {
  const struct decision* d = scratch_decision();
  if (!d) return 0;
  const struct ginnel_flow_key* key = &d->key;
  const struct ginnel_policy* policy = bpf_map_lookup_elem(&policies, &policy_number);
  if (!policy) return 0;
  const struct ginnel_rule_range range = ingress ? policy->ingress : policy->egress;
  struct question q = {
      .peer = ingress ? key->source : key->destination,
      .offset = range.offset,
      .port = key->protocol == IPPROTO_ICMP ? key->icmp_type : bpf_ntohs(key->destination_port),
      .protocol = key->protocol,
  };
  __u32 count = range.count;
  if (count > GINNEL_MAX_RULES_PER_POLICY) count = GINNEL_MAX_RULES_PER_POLICY;
  bpf_loop(count, ask_rule, &q, 0);
  return q.allowed;
}

static __always_inline int stage_policy(struct packet* p) {
  const struct decision* d = scratch_decision();
  if (!d) return DROP(EGRESS_DENIED);
  if (!d->judged) return NEXT;
  if (!allows(p->port->policy, 0)) return DROP(EGRESS_DENIED);
  if (!allows(d->receiver_policy, 1)) return DROP(INGRESS_DENIED);
  return NEXT;
}

#endif
