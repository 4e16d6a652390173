/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* Stage: the packet becomes what its flow says. */
#ifndef GINNEL_BPF_REWRITE_H
#define GINNEL_BPF_REWRITE_H

#include "bpf/mss.h"
#include "bpf/packet.h"

/* Addresses and ports are written first, then the checksum is corrected by the difference: the addresses' as part of
 * the pseudo header, the ports' not. That is right for finished sums, and for those that a device is yet to finish
 * (CHECKSUM_PARTIAL), which hold the pseudo header's sum only. */
static __always_inline int translate(struct __sk_buff* skb, struct packet* p) {
  const struct ginnel_flow* flow = p->flow;
  __u32 l4 = p->l4;
  if (l4 > ETH_HLEN + 60) return DROP(MALFORMED);
  struct iphdr* ip = data(skb) + ETH_HLEN;
  struct udphdr* ports_at = data(skb) + l4; /* TCP and UDP begin alike */
  if ((void*)(ip + 1) > data_end(skb) || (void*)(ports_at + 1) > data_end(skb)) return DROP(MALFORMED);

  const __be32 source = flow->source.word[3], destination = flow->destination.word[3];
  const __u32 addresses = csum_fold32(csum_change(ip->saddr, source) + csum_change(ip->daddr, destination));
  ip->saddr = source;
  ip->daddr = destination;
  ip->check = ~csum_fold16(csum_fold32((__u64)(__u16)~ip->check + addresses));

  const __u32 numbers = csum_fold32(csum_change(ports_at->source, flow->source_port) +
                                    csum_change(ports_at->dest, flow->destination_port));
  ports_at->source = flow->source_port;
  ports_at->dest = flow->destination_port;

  const int udp = p->key.protocol == IPPROTO_UDP;
  if (udp && ports_at->check == 0) return NEXT; /* the sender made none */
  const __u32 check = l4 + (udp ? 6 : 16);
  const __u64 flags = udp ? BPF_F_MARK_MANGLED_0 : 0;
  bpf_l4_csum_replace(skb, check, 0, numbers, flags);
  bpf_l4_csum_replace(skb, check, 0, addresses, flags | BPF_F_PSEUDO_HDR);
  if (p->tcp_flags & TCP_SYN) clamp_mss(skb, l4);
  return NEXT;
}

static __always_inline int stage_rewrite(struct __sk_buff* skb, struct packet* p) {
  struct ethhdr* ethernet = data(skb);
  if ((void*)(ethernet + 1) > data_end(skb)) return DROP(MALFORMED);
  copy_mac(ethernet->h_dest, p->flow->destination_mac);
  copy_mac(ethernet->h_source, config.router_mac);
  return p->flow->flags & GINNEL_FLOW_TRANSLATE ? translate(skb, p) : NEXT;
}

#endif
