/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* Stage: the packet becomes what its flow says. */
#ifndef GINNEL_BPF_REWRITE_H
#define GINNEL_BPF_REWRITE_H

#include "bpf/mss.h"
#include "bpf/packet.h"
#include "bpf/translate.h"
#include "bpf/translate_part.h"

/* An IPv4 packet that stays one: NEXT or the negated reason of a drop. */
static __always_inline int translate(struct __sk_buff* skb, struct packet* p) {
  const struct ginnel_flow* flow = p->flow;
  __u32 l4 = p->l4;
  if (l4 > L4_MOST) return DROP(MALFORMED);
  struct iphdr* ip = data(skb) + ETH_HLEN;
  struct udphdr* ports_at = data(skb) + l4; /* TCP and UDP begin alike */
  if ((void*)(ip + 1) > data_end(skb) || (void*)(ports_at + 1) > data_end(skb)) return DROP(MALFORMED);

  const __be32 source = flow->source.word[3], destination = flow->destination.word[3];
  const __u32 addresses = csum_fold32(csum_change(ip->saddr, source) + csum_change(ip->daddr, destination));
  ip->saddr = source;
  ip->daddr = destination;
  ip->ttl--; /* the first byte of its word in memory: one less, whose inverse is added */
  ip->check = ~csum_fold16(csum_fold32((__u64)(__u16)~ip->check + addresses + (__u16)~bpf_htons(0x100)));

  const __u32 numbers = change_ports(ports_at, flow);
  const int udp = p->key.protocol == IPPROTO_UDP;
  if (udp && ports_at->check == 0) return NEXT; /* the sender made none */
  correct_sums(skb, l4, udp, numbers, addresses);
  if (p->tcp_flags & TCP_SYN) clamp_mss(skb, l4, GINNEL_MSS);
  return NEXT;
}

/* Likewise of an IPv6 packet that stays one: NEXT or the negated reason of a drop. */
__attribute__((noinline)) int translate_ipv6(struct __sk_buff* skb, const struct ginnel_flow* flow, __u32 l4,
                                             __u32 protocol, __u32 tcp_flags) {
  if (!flow || l4 > L4_MOST) return DROP(MALFORMED);
  struct ipv6hdr* ip = data(skb) + ETH_HLEN;
  struct udphdr* ports_at = data(skb) + l4;
  if ((void*)(ip + 1) > data_end(skb) || (void*)(ports_at + 1) > data_end(skb)) return DROP(MALFORMED);
  /* Sources and destinations, which stand together in both. */
  const __u32 addresses = bpf_csum_diff((__be32*)&ip->saddr, 32, (__be32*)&flow->source, 32, 0);
  __builtin_memcpy(&ip->saddr, &flow->source, sizeof ip->saddr);
  __builtin_memcpy(&ip->daddr, &flow->destination, sizeof ip->daddr);
  ip->hop_limit--;

  const __u32 numbers = change_ports(ports_at, flow);
  const int udp = protocol == IPPROTO_UDP;
  if (udp && ports_at->check == 0) return NEXT;
  correct_sums(skb, l4, udp, numbers, addresses);
  bpf_csum_update(skb, addresses); /* a device's sum of the whole packet: here the two changes outweigh each other */
  if (tcp_flags & TCP_SYN) clamp_mss(skb, l4, GINNEL_MSS6);
  return NEXT;
}

static __always_inline int stage_rewrite(struct __sk_buff* skb, struct packet* p) {
  struct ethhdr* ethernet = data(skb);
  if ((void*)(ethernet + 1) > data_end(skb)) return DROP(MALFORMED);
  copy_mac(ethernet->h_dest, p->flow->destination_mac);
  copy_mac(ethernet->h_source, config.router_mac);
  if (!(p->flow->flags & GINNEL_FLOW_TRANSLATE)) return NEXT;
  if (p->special) return translate_part(skb, p->flow, p->l4, p->special == SPECIAL_FIRST);
  if (p->flow->flags & (GINNEL_FLOW_TO_IPV4 | GINNEL_FLOW_TO_IPV6))
    return translate_family(skb, p->flow, p->l4, p->key.protocol, p->tcp_flags);
  if (p->ethertype == bpf_htons(ETH_P_IPV6)) return translate_ipv6(skb, p->flow, p->l4, p->key.protocol, p->tcp_flags);
  return translate(skb, p);
}

#endif
