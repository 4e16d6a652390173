/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* Stage: where does a new flow go? A link, or an interface of the VPC. Leaves both entries in the decision, of a link
 * all but the translated source port; and which rules are to be asked. */
#ifndef GINNEL_BPF_CLASSIFY_H
#define GINNEL_BPF_CLASSIFY_H

#include "bpf/balance.h"
#include "bpf/packet.h"

/* The way back, which is the same for both: to the port where the packet came in, with the packet's own addresses. */
static __always_inline void prepare(struct __sk_buff* skb, const struct packet* p, struct decision* d) {
  __builtin_memset(d, 0, sizeof *d);
  d->key = p->key;
  struct ginnel_flow* reverse = &d->reverse;
  reverse->source = p->key.destination;
  reverse->destination = p->key.source;
  reverse->source_port = p->key.destination_port;
  reverse->destination_port = p->key.source_port;
  reverse->oif = d->forward.iif = skb->ifindex;
  copy_mac(reverse->destination_mac, p->port->mac);
  reverse->flags = GINNEL_FLOW_REVERSE | delivery(!(p->port->flags & (GINNEL_PORT_SYSTEM | GINNEL_PORT_DEVICE)));
  reverse->out_scope = p->key.scope;
  reverse->last_seen_s = d->forward.last_seen_s = p->now_s;
  ginnel_flow_set_opened(&d->forward, p->now_s);
  ginnel_flow_set_opened(reverse, p->now_s);
  d->flow_limit = p->port->flags & GINNEL_PORT_SYSTEM ? 0 : config.port_flows;
  d->reverse_key.protocol = p->key.protocol;
}

static __always_inline void through_link(const struct packet* p, struct decision* d, const struct ginnel_link* link) {
  struct ginnel_flow* forward = &d->forward;
  forward->source = p->port->synthetic;
  forward->destination = link->target;
  forward->source_port = p->key.source_port; /* the first that is tried */
  forward->destination_port = link->target_port;
  forward->oif = link->oif;
  copy_mac(forward->destination_mac, link->target_mac);
  forward->flags = GINNEL_FLOW_TRANSLATE | delivery(link->flags & GINNEL_LINK_REDIRECT_PEER);
  forward->out_scope = link->scope;
  forward->link = link->number;

  d->reverse.flags |= GINNEL_FLOW_TRANSLATE;
  d->reverse.link = link->number;
  d->reverse_key.scope = link->scope;
  d->reverse_key.source = link->target;
  d->reverse_key.destination = p->port->synthetic;
  d->reverse_key.source_port = link->target_port;
  d->receiver_policy = link->policy;
  d->rules = link->flags & GINNEL_LINK_JUDGED ? RULES_SENDER | RULES_RECEIVER : 0;
  d->first_port = GINNEL_FIRST_PORT;
  d->port_count = 65536 - GINNEL_FIRST_PORT;
}

static __always_inline void to_interface(const struct packet* p, struct decision* d,
                                         const struct ginnel_destination* to) {
  struct ginnel_flow* forward = &d->forward;
  forward->source = p->key.source;
  forward->destination = p->key.destination;
  forward->source_port = p->key.source_port;
  forward->destination_port = p->key.destination_port;
  forward->oif = to->oif;
  copy_mac(forward->destination_mac, to->mac);
  forward->flags = delivery(!(to->flags & GINNEL_DESTINATION_DEVICE));
  forward->out_scope = p->key.scope;
  d->reverse_key = ginnel_flow_partner(&p->key, forward);
  d->receiver_policy = to->policy;
  d->rules = RULES_SENDER | RULES_RECEIVER;
}

static __always_inline int stage_classify(struct __sk_buff* skb, struct packet* p) {
  struct decision* d = scratch_decision();
  if (!d || same_address(&p->key.source, &p->key.destination)) return DROP(TO_ITSELF);
  prepare(skb, p, d);

  struct ginnel_link_key link_key = {
      .vpc = p->key.scope, .address = p->key.destination, .port = p->key.destination_port, .protocol = p->key.protocol};
  struct ginnel_link* link = bpf_map_lookup_elem(&links, &link_key);
  /* The system may open nothing but probes. */
  if ((p->port->flags & GINNEL_PORT_SYSTEM) && (!link || !(link->flags & GINNEL_LINK_PROBE)))
    return DROP(SYSTEM_NO_FLOW);
  p->link = link;
  if (link && (link->flags & GINNEL_LINK_BALANCED)) return through_balancer(d, link);
  if (link && (link->flags & GINNEL_LINK_PROBE)) return through_probe(d, link);
  if (link) {
    if (!is_mapped(&link->target)) return DROP(NO_TARGET);
    through_link(p, d, link);
    return meet_families(d, 0);
  }
  struct ginnel_route_key route_key = {.prefix = 160, .vpc = p->key.scope, .address = p->key.destination};
  if (!bpf_map_lookup_elem(&routes, &route_key)) return DROP(NO_ROUTE);
  struct ginnel_destination_key key = {.vpc = p->key.scope, .address = p->key.destination};
  struct ginnel_destination* to = bpf_map_lookup_elem(&destinations, &key);
  if (!to) return DROP(NO_DESTINATION);
  if (to->flags & GINNEL_DESTINATION_ENDPOINT) return DROP(NO_LISTENER);
  to_interface(p, d, to);
  return NEXT;
}

#endif
