/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* The one ICMP error that the program makes itself: an IPv4 packet would be larger than the MTU as IPv6, which its
 * sender cannot know, as it fits his device (RFC 7915 section 4.1). Without it large datagrams never came through. */
#ifndef GINNEL_BPF_TOO_BIG_H
#define GINNEL_BPF_TOO_BIG_H

#include "bpf/count.h"
#include "bpf/icmp_types.h"
#include "bpf/ip_header.h"
#include "bpf/packet.h"
#include "bpf/translate.h"

/* What may be larger by the headers' difference, and by a fragment's header, as the sender will cut it up. */
#define MOST_TO_IPV6 (GINNEL_MTU - HEADER_DIFFERENCE - 8u)
#define LEAST_TOLD 28u  /* the IP header and the ports */
#define MOST_TOLD 548u  /* of the packet, so that the error has 576 bytes (RFC 1812 section 4.3.2.3) */
#define TOO_BIG_HOPS 64 /* as the ends would send it */

/* Of an IPv4 packet whose header has no options, and that note_whose() knows: a verdict, or the negated reason of the
 * drop. The error is from whom the packet was for, to who sent it. What is put in front leaves the place of an
 * unfinished sum where it is. */
__attribute__((noinline)) int answer_too_big(struct __sk_buff* skb) {
  struct translate_scratch* s = scratch_translate();
  struct ethhdr ethernet;
  struct icmp_error head = {
      .type = ICMP_UNREACHABLE, .code = ICMP_FRAGMENTATION_NEEDED, .mtu = bpf_htons(MOST_TO_IPV6)};
  const __u32 l4 = ETH_HLEN + IPV4_HEADER, before = IPV4_HEADER + sizeof head;
  __u32 told = skb->len - ETH_HLEN;
  if (told > MOST_TOLD) told = MOST_TOLD;
  if (!s || told < LEAST_TOLD || bpf_skb_load_bytes(skb, 0, &ethernet, sizeof ethernet) ||
      read_ip(skb, ETH_HLEN, 0, &s->ip))
    return DROP(TOO_BIG);
  copy_mac(ethernet.h_dest, ethernet.h_source);
  copy_mac(ethernet.h_source, config.router_mac);
  const struct ginnel_address sender = s->ip.source;
  s->ip.source = s->ip.destination;
  s->ip.destination = sender;
  s->ip.length = sizeof head + told;
  s->ip.class = 0;
  s->ip.hops = TOO_BIG_HOPS;
  s->ip.protocol = IPPROTO_ICMP;
  if (bpf_skb_change_tail(skb, ETH_HLEN + told, 0) || bpf_skb_adjust_room(skb, before, BPF_ADJ_ROOM_MAC, 0) ||
      bpf_skb_store_bytes(skb, 0, &ethernet, sizeof ethernet, 0) || write_ip(skb, ETH_HLEN, 0, &s->ip) ||
      bpf_skb_store_bytes(skb, l4, &head, sizeof head, 0))
    return DROP(TOO_BIG);
  head.check = ~sum_transport(skb, l4, s->ip.length, 0);
  if (bpf_skb_store_bytes(skb, l4, &head, sizeof head, 0)) return DROP(TOO_BIG);
  count_drop(GINNEL_DROP_TOO_BIG);
  return bpf_redirect(skb->ifindex, 0);
}

#endif
