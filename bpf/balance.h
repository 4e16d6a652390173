/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* Part of the stage `classify`: a new flow through a load balancer, or one of its probes, gets a target. */
#ifndef GINNEL_BPF_BALANCE_H
#define GINNEL_BPF_BALANCE_H

#include "bpf/hash.h"
#include "bpf/packet.h"

/* How frames are handed to a port, unless it is the system's, both ends of which are in one namespace. */
static __always_inline __u16 delivery(int redirect_peer) {
  return redirect_peer && (config.flags & GINNEL_CONFIG_REDIRECT_PEER) ? GINNEL_FLOW_REDIRECT_PEER : 0;
}

/* The place in the table that the flow's hash points to: the same for every packet that would open this flow. */
static __always_inline __u32 place_of(const struct decision* d, const struct ginnel_balancer* balancer) {
  __u32 hash;
  if (balancer->flags & GINNEL_BALANCER_STICKY) {
    hash = hash_words(&d->key, sizeof d->key.scope + sizeof d->key.source);
  } else {
    hash = hash_words(&d->key, sizeof d->key);
  }
  return hash_again(hash) % balancer->table_size;
}

static __always_inline const struct ginnel_target* choose_target(struct decision* d,
                                                                 const struct ginnel_balancer* balancer) {
  void* table = bpf_map_lookup_elem(&tables, &d->balancer);
  if (!table || !balancer->table_size) return NULL;
  __u32 place = place_of(d, balancer);
  const __u32* number = bpf_map_lookup_elem(table, &place);
  if (!number) return NULL;
  d->forward.target = d->reverse.target = *number;
  return bpf_map_lookup_elem(&targets, &d->forward.target);
}

/* Both entries, but for the source: to an address of `scope` that has a port. */
static __always_inline int to_target(struct decision* d, __u32 scope, const struct ginnel_address* address,
                                     __be16 port) {
  struct ginnel_destination_key key = {.vpc = scope, .address = *address};
  const struct ginnel_destination* to = bpf_map_lookup_elem(&destinations, &key);
  if (!to || (to->flags & GINNEL_DESTINATION_ENDPOINT)) return DROP(NO_TARGET);
  struct ginnel_flow* forward = &d->forward;
  forward->destination = *address;
  forward->destination_port = port;
  forward->oif = to->oif;
  copy_mac(forward->destination_mac, to->mac);
  forward->flags = GINNEL_FLOW_TRANSLATE | delivery(!(to->flags & GINNEL_DESTINATION_DEVICE));
  forward->out_scope = scope;
  d->reverse.flags |= GINNEL_FLOW_TRANSLATE;
  d->reverse_key.scope = scope;
  d->reverse_key.source = *address;
  d->reverse_key.source_port = port;
  d->target_policy = to->policy;
  d->rules |= RULES_TARGET;
  return NEXT;
}

/* An IPv6 client may come to an IPv4 target; the other way round only a probe. */
static __always_inline int meet_families(struct decision* d, int probe) {
  const int from6 = !is_mapped(&d->key.source), to6 = !is_mapped(&d->forward.destination);
  if (from6 == to6) return NEXT;
  if (to6 && !probe) return DROP(NO_TARGET);
  d->forward.flags |= from6 ? GINNEL_FLOW_TO_IPV4 : GINNEL_FLOW_TO_IPV6;
  d->reverse.flags |= from6 ? GINNEL_FLOW_TO_IPV6 : GINNEL_FLOW_TO_IPV4;
  return NEXT;
}

static __always_inline void from_source(struct decision* d, const struct ginnel_address* source) {
  d->forward.source = d->reverse_key.destination = *source;
  d->forward.source_port = d->key.source_port; /* the first that is tried */
}

/* What the target sees: the node, or the client itself, whose port must stay then. */
static __always_inline int choose_source(struct decision* d, const struct ginnel_balancer* balancer, int endpoint) {
  const int to6 = !is_mapped(&d->forward.destination);
  const struct ginnel_address* node = to6 ? &balancer->node6 : &balancer->node;
  const int preserve = (balancer->flags & GINNEL_BALANCER_PRESERVE_CLIENT) && !endpoint &&
                       d->key.scope == balancer->scope && is_mapped(&d->key.source) == !to6;
  if (!preserve) {
    if (is_zero(node)) return DROP(NO_TARGET);
    from_source(d, node);
    d->first_port = GINNEL_FIRST_BALANCER_PORT;
    d->port_count = 65536 - GINNEL_FIRST_BALANCER_PORT;
    d->scan = 1;
    return NEXT;
  }
  if (same_address(&d->key.source, &d->forward.destination)) return DROP(TO_ITSELF);
  from_source(d, &d->key.source);
  d->node = *node;
  d->rules |= RULES_NODE;
  return NEXT;
}

static __always_inline void ask_balancer(struct decision* d, const struct ginnel_balancer* balancer, int endpoint) {
  if (!(balancer->flags & GINNEL_BALANCER_JUDGED)) return;
  d->balancer_policy = balancer->policy;
  d->rules |= RULES_BALANCER_OUT;
  if (!endpoint || (balancer->flags & GINNEL_BALANCER_JUDGE_ENDPOINTS)) d->rules |= RULES_BALANCER_IN;
}

static __always_inline void prepend_header(struct decision* d) {
  d->proxy = 1;
  d->forward.flags |= GINNEL_FLOW_PROXY;
  d->reverse.flags |= GINNEL_FLOW_PROXY;
}

static __always_inline int through_balancer(struct decision* d, const struct ginnel_link* link) {
  d->balancer = link->balancer;
  const struct ginnel_balancer* balancer = bpf_map_lookup_elem(&balancers, &d->balancer);
  if (!balancer) return DROP(NO_BALANCER);
  const struct ginnel_target* target = choose_target(d, balancer);
  if (!target || to_target(d, target->scope, &target->address, target->port)) return DROP(NO_TARGET);

  const int endpoint = link->flags & GINNEL_LINK_ENDPOINT;
  if (meet_families(d, 0)) return DROP(NO_TARGET);
  const int result = choose_source(d, balancer, endpoint);
  if (result) return result;
  d->forward.link = d->reverse.link = link->number;
  d->forward.balancer = d->reverse.balancer = d->balancer;
  d->forward.idle_s = d->reverse.idle_s = balancer->idle_s;
  d->rules |= RULES_SENDER;
  if (link->flags & GINNEL_LINK_JUDGED) d->rules |= RULES_RECEIVER;
  d->receiver_policy = link->policy;
  ask_balancer(d, balancer, endpoint);
  if ((balancer->flags & GINNEL_BALANCER_PROXY) && d->key.protocol == IPPROTO_TCP) prepend_header(d);
  if (endpoint) __builtin_memcpy(d->endpoint, link->owner, sizeof d->endpoint);
  return NEXT;
}

/* The prober sends its own PROXY header, so the target gets none from here. */
static __always_inline int through_probe(struct decision* d, const struct ginnel_link* link) {
  if (to_target(d, link->scope, &link->target, link->target_port)) return DROP(NO_TARGET);
  if (is_mapped(&link->source) != is_mapped(&link->target) || meet_families(d, 1)) return DROP(NO_TARGET);
  from_source(d, &link->source);
  d->first_port = GINNEL_FIRST_PORT;
  d->port_count = GINNEL_FIRST_BALANCER_PORT - GINNEL_FIRST_PORT;
  d->scan = 1;
  d->forward.target = d->reverse.target = link->number;
  d->balancer_policy = link->policy;
  if (link->flags & GINNEL_LINK_JUDGED) d->rules |= RULES_BALANCER_OUT;
  return NEXT;
}

#endif
