/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* A fragment becomes its flow's (fragment.h): of UDP, as nothing else is translated. The checksum, which is of the
 * whole datagram, stands in the first one and changes by the addresses and ports there. */
#ifndef GINNEL_BPF_TRANSLATE_PART_H
#define GINNEL_BPF_TRANSLATE_PART_H

#include "bpf/fragment.h"
#include "bpf/ip_header.h"
#include "bpf/packet.h"
#include "bpf/translate.h"

static __always_inline int readdress_part(struct __sk_buff* skb, const struct fragment_scratch* f,
                                          const struct ip_header* ip, int ipv6) {
  const __be32 id = f->datagram.out_id;
  if (write_addresses(skb, ETH_HLEN, ipv6, ip)) return -1;
  if (ipv6) return bpf_skb_store_bytes(skb, f->id_at, &id, sizeof id, 0);
  const __be16 before = f->datagram.id, after = id;
  bpf_l3_csum_replace(skb, ETH_HLEN + offsetof(struct iphdr, check), before, after, sizeof after);
  return bpf_skb_store_bytes(skb, f->id_at, &after, sizeof after, 0);
}

/* RFC 7915 section 5.1.1: IPv6's fragment header goes, IPv4 has its own fields. */
static __always_inline int part_to_ipv4(struct __sk_buff* skb, const struct fragment_scratch* f, struct ip_header* ip) {
  ip->protocol = IPPROTO_UDP;
  ip->length -= IPV6_FRAGMENT_HEADER;
  ip->part = 1;
  ip->where = bpf_htons(f->offset / 8 | (f->more ? IPV4_MORE_FRAGMENTS : 0));
  ip->id = f->datagram.out_id;
  if (bpf_skb_adjust_room(skb, -(__s32)IPV6_FRAGMENT_HEADER, BPF_ADJ_ROOM_NET, 0)) return -1;
  return change_family(skb, 0, ip);
}

/* Section 4.1. */
static __always_inline int part_to_ipv6(struct __sk_buff* skb, const struct fragment_scratch* f, struct ip_header* ip) {
  const struct ipv6_extension header = {
      .next = IPPROTO_UDP, .fragment = bpf_htons(f->offset | (f->more ? 1 : 0)), .id = f->datagram.out_id};
  ip->protocol = NEXT_FRAGMENT;
  ip->length += IPV6_FRAGMENT_HEADER;
  if (change_family(skb, 1, ip)) return -1;
  if (bpf_skb_adjust_room(skb, IPV6_FRAGMENT_HEADER, BPF_ADJ_ROOM_NET, 0)) return -1;
  return bpf_skb_store_bytes(skb, ETH_HLEN + IPV6_HEADER, &header, sizeof header, 0);
}

/* NEXT, or the negated reason of a drop. Invalidates packet pointers. */
__attribute__((noinline)) int translate_part(struct __sk_buff* skb, const struct ginnel_flow* flow, __u32 l4,
                                             __u32 first) {
  struct fragment_scratch* f = scratch_fragment();
  struct translate_scratch* s = scratch_translate();
  struct udphdr head = {};
  const int from6 = is_ipv6(skb);
  if (!s || !f || !flow || l4 > L4_MOST || read_ip(skb, ETH_HLEN, from6, &s->ip)) return DROP(MALFORMED);
  if (first && bpf_skb_load_bytes(skb, l4, &head, sizeof head)) return DROP(MALFORMED);
  const __u32 addresses = bpf_csum_diff((__be32*)&s->ip.source, 32, (__be32*)&flow->source, 32, 0);
  s->ip.source = flow->source;
  s->ip.destination = flow->destination;
  s->ip.hops--;
  int failed;
  if (flow->flags & GINNEL_FLOW_TO_IPV4) {
    failed = part_to_ipv4(skb, f, &s->ip);
    l4 = ETH_HLEN + IPV4_HEADER;
  } else if (flow->flags & GINNEL_FLOW_TO_IPV6) {
    failed = part_to_ipv6(skb, f, &s->ip);
    l4 = ETH_HLEN + IPV6_HEADER + IPV6_FRAGMENT_HEADER;
  } else {
    failed = readdress_part(skb, f, &s->ip, from6);
  }
  if (failed) return DROP(MALFORMED);
  if (!first) return NEXT;
  const __u32 numbers = change_ports(&head, flow);
  if (bpf_skb_store_bytes(skb, l4, &head, 4, 0)) return DROP(MALFORMED);
  if (head.check) correct_sums(skb, l4, 1, numbers, addresses);
  return NEXT;
}

#endif
