/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* ICMP errors: about a packet that was delivered to the port, for the sender of that packet. They go the way of the
 * quoted packet's flow back, and change neither its state nor its counters. */
#ifndef GINNEL_BPF_ICMP_ERROR_H
#define GINNEL_BPF_ICMP_ERROR_H

#include "bpf/deliver.h"
#include "bpf/flow_lookup.h"
#include "bpf/fragment.h"
#include "bpf/icmp_types.h"
#include "bpf/packet.h"
#include "bpf/quote.h"
#include "bpf/translate.h"

/* The sum of a whole ICMP message, with the addresses of this header. */
static __always_inline __u16 sum_icmp(struct __sk_buff* skb, __u32 l4, const struct ip_header* ip, __u32 length) {
  struct translate_scratch* t = scratch_translate();
  if (!t) return 0;
  t->ip.source = ip->source;
  t->ip.destination = ip->destination;
  return sum_transport(skb, l4, length, is_ipv6(skb) ? IPPROTO_ICMPV6 : 0);
}

static __always_inline int renew_icmp_sum(struct __sk_buff* skb, __u32 l4, const struct ip_header* ip, __u32 length) {
  const __u16 none = 0;
  if (bpf_skb_store_bytes(skb, l4 + 2, &none, sizeof none, 0)) return DROP(MALFORMED);
  const __u16 check = ~sum_icmp(skb, l4, ip, length);
  return bpf_skb_store_bytes(skb, l4 + 2, &check, sizeof check, 0) ? DROP(MALFORMED) : NEXT;
}

static __always_inline int store_transport(struct __sk_buff* skb, __u32 at, const struct error_scratch* s) {
  __u32 kept = s->kept;
  return !in_range(&kept, LEAST_QUOTED, MOST_QUOTED) || bpf_skb_store_bytes(skb, at, s->transport, kept, 0);
}

/* A target sees one address for all clients of a load balancer's node, and lowers the MTU for that address: no client
 * may take it lower for the others than IPv6 could. */
static __always_inline void hold_mtu(const struct error_scratch* s, const struct ginnel_flow* flow,
                                     struct icmp_error* head) {
  if (head->type != ICMP_UNREACHABLE || head->code != ICMP_FRAGMENTATION_NEEDED) return;
  if ((flow->flags & GINNEL_FLOW_REVERSE) || !flow->target || same_address(&flow->source, &s->key.source)) return;
  if (bpf_ntohs(head->mtu) < LEAST_IPV6_MTU) head->mtu = bpf_htons(LEAST_IPV6_MTU);
}

/* Of a family that stays: NEXT, or the negated reason of a drop. */
__attribute__((noinline)) int translate_error(struct __sk_buff* skb, const struct ginnel_flow* flow, __u32 l4) {
  struct error_scratch* s = scratch_error();
  struct icmp_error head;
  const int ipv6 = is_ipv6(skb);
  if (!s || !flow || l4 > L4_MOST || bpf_skb_load_bytes(skb, l4, &head, sizeof head)) return DROP(MALFORMED);
  if (!ipv6) hold_mtu(s, flow, &head);
  const __u32 length = transport_length(skb, l4);
  if (write_addresses(skb, ETH_HLEN, ipv6, &s->outer) || bpf_skb_store_bytes(skb, l4, &head, sizeof head, 0) ||
      write_addresses(skb, l4 + ICMP_ERROR_HEADER, ipv6, &s->quoted) || store_transport(skb, s->quoted_l4, s))
    return DROP(MALFORMED);
  return renew_icmp_sum(skb, l4, &s->outer, length);
}

/* What is not TCP will be cut up to fit, and then has a fragment header too. */
static __always_inline int map_error(struct __sk_buff* skb, __u32 l4, int to_ipv6, const struct ip_header* quoted,
                                     void* out) {
  if (to_ipv6) {
    struct icmp_error in;
    return bpf_skb_load_bytes(skb, l4, &in, sizeof in) ? -1 : error_to_ipv6(&in, out, quoted->length + IPV4_HEADER);
  }
  const __u32 more = HEADER_DIFFERENCE + (quoted->protocol == IPPROTO_TCP ? 0 : IPV6_FRAGMENT_HEADER);
  struct icmpv6_error in;
  return bpf_skb_load_bytes(skb, l4, &in, sizeof in) ? -1 : error_to_ipv4(&in, out, more);
}

/* The quoted packet's header, and what is kept of what it carries. */
static __always_inline int write_quote(struct __sk_buff* skb, __u32 at, int to_ipv6, struct error_scratch* s) {
  const struct ipv6_extension part = {
      .next = s->quoted.protocol, .fragment = bpf_htons(1), .id = bpf_htonl(bpf_ntohs(s->quoted.id))};
  const __u32 header = ip_header_length(to_ipv6);
  if (!to_ipv6 || !s->quoted.part)
    return write_ip(skb, at, to_ipv6, &s->quoted) || store_transport(skb, at + header, s);
  s->quoted.protocol = NEXT_FRAGMENT;
  return write_ip(skb, at, to_ipv6, &s->quoted) || bpf_skb_store_bytes(skb, at + header, &part, sizeof part, 0) ||
         store_transport(skb, at + header + sizeof part, s);
}

/* Of one that changes: all of it is written anew. What follows the quoted packet (RFC 4884) is left out. */
__attribute__((noinline)) int translate_error_family(struct __sk_buff* skb, __u32 l4) {
  struct error_scratch* s = scratch_error();
  struct icmpv6_error head = {};
  const int to_ipv6 = !is_ipv6(skb);
  const __u32 before = ip_header_length(!to_ipv6), after = ip_header_length(to_ipv6);
  if (!s) return DROP(MALFORMED);
  const __u32 part = s->quoted.part ? IPV6_FRAGMENT_HEADER : 0;
  if (l4 != ETH_HLEN + before || s->quoted_l4 != l4 + ICMP_ERROR_HEADER + before + (to_ipv6 ? 0 : part))
    return DROP(TRANSLATED_OPTIONS);
  if (map_error(skb, l4, to_ipv6, &s->quoted, &head)) return DROP(ICMP_UNTRANSLATED);
  s->outer.protocol = to_ipv6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
  s->outer.length = ICMP_ERROR_HEADER + after + (to_ipv6 ? part : 0) + s->kept;
  s->quoted.length += to_ipv6 ? part : -part;
  if (bpf_skb_change_tail(skb, l4 + s->outer.length, 0) || change_family(skb, to_ipv6, &s->outer))
    return DROP(MALFORMED);
  l4 = ETH_HLEN + after;
  if (bpf_skb_store_bytes(skb, l4, &head, sizeof head, 0) || write_quote(skb, l4 + ICMP_ERROR_HEADER, to_ipv6, s))
    return DROP(MALFORMED);
  return renew_icmp_sum(skb, l4, &s->outer, s->outer.length);
}

/* The flow that the error is about: the entry of the port's own direction, the other of which delivers to this port. */
static __always_inline const struct ginnel_flow* find_quoted_flow(struct error_scratch* s, __u32 ifindex) {
  const struct ginnel_flow* flow = bpf_map_lookup_elem(&flows, &s->key);
  if (!flow) return NULL;
  s->partner = ginnel_flow_partner(&s->key, flow);
  const struct ginnel_flow* partner = bpf_map_lookup_elem(&flows, &s->partner);
  if (!partner || partner->oif != ifindex) return NULL;
  return same_address(&partner->source, &s->key.destination) && same_address(&partner->destination, &s->key.source)
             ? flow
             : NULL;
}

static __always_inline int check_error(struct __sk_buff* skb, __u32 l4, struct error_scratch* s) {
  if (l4 > L4_MOST || read_ip(skb, ETH_HLEN, is_ipv6(skb), &s->outer)) return DROP(MALFORMED);
  const __u32 length = transport_length(skb, l4);
  if (sum_icmp(skb, l4, &s->outer, length) != 0xffff) return DROP(MALFORMED);
  const int result = read_quote(skb, l4 + ICMP_ERROR_HEADER, l4 + length);
  if (result) return result;
  return same_address(&s->outer.destination, &s->quoted.source) ? NEXT : DROP(ICMP_NO_FLOW);
}

/* All that is done with an error from a port that may send it: a verdict, or the negated reason of a drop. */
__attribute__((noinline)) int relay_error(struct __sk_buff* skb, __u32 l4, __u32 scope) {
  struct error_scratch* s = scratch_error();
  struct {
    __u8 to[6], from[6];
  } macs;
  if (!s) return DROP(MALFORMED);
  int result = check_error(skb, l4, s);
  if (result) return result;
  make_quote_key(s, scope);
  const struct ginnel_flow* flow = find_quoted_flow(s, skb->ifindex);
  if (!flow) return on_hold() ? DROP(UPGRADING) : DROP(ICMP_NO_FLOW);
  if (flow->state & GINNEL_FLOW_CUT) return DROP(FLOW_CUT);
  copy_mac(macs.to, flow->destination_mac);
  copy_mac(macs.from, config.router_mac);
  if (flow->flags & GINNEL_FLOW_TRANSLATE) {
    if (s->outer.hops <= 1) return DROP(TTL_EXPIRED);
    s->outer.source = flow->source;
    s->outer.destination = flow->destination;
    s->outer.hops--;
    restore_quote(s, flow);
    const int changes = flow->flags & (GINNEL_FLOW_TO_IPV4 | GINNEL_FLOW_TO_IPV6);
    result = changes ? translate_error_family(skb, l4) : translate_error(skb, flow, l4);
    if (result) return result;
  }
  if (bpf_skb_store_bytes(skb, 0, &macs, sizeof macs, 0)) return DROP(MALFORMED);
  return deliver(skb, flow);
}

static __always_inline int stage_error(struct __sk_buff* skb, struct packet* p) {
  if (p->special != SPECIAL_ERROR) return NEXT;
  if (skb->gso_size) return DROP(MALFORMED);
  return relay_error(skb, p->l4, p->key.scope);
}

#endif
