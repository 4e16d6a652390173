/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* A packet of one family becomes its flow's packet of the other (RFC 7915): where an IPv6 client talks to an IPv4
 * target. Options and extension headers are not translated. */
#ifndef GINNEL_BPF_TRANSLATE_H
#define GINNEL_BPF_TRANSLATE_H

#include "bpf/ip_header.h"
#include "bpf/mss.h"
#include "bpf/packet.h"

#define SUM_PIECE 256u /* a multiple of 4; bpf_csum_diff takes 512 at most */

struct translate_scratch {
  struct ip_header ip;
  __u8 piece[SUM_PIECE];
};

GINNEL_SCRATCH(translate_scratch, struct translate_scratch, scratch_translate)

struct summing {
  struct __sk_buff* skb;
  __u32 at, left;
  __u32 sum;
};

static int sum_piece(__u32 index, void* context) {
  (void)index;
  struct summing* s = context;
  struct translate_scratch* scratch = scratch_translate();
  __u32 length = s->left < SUM_PIECE ? s->left : SUM_PIECE;
  if (!scratch || !length) return 1;
  if (length < SUM_PIECE) __builtin_memset(scratch->piece, 0, sizeof scratch->piece);
  if (bpf_skb_load_bytes(s->skb, s->at, scratch->piece, (opaque(length - 1) & (SUM_PIECE - 1)) + 1)) return 1;
  s->sum = bpf_csum_diff(0, 0, (__be32*)scratch->piece, sizeof scratch->piece, s->sum);
  s->at += length;
  s->left -= length;
  return 0;
}

/* The finished sum, not yet inverted, over the pseudo header and all `length` bytes from `at`, where the checksum's own
 * field is 0. The addresses are those of the scratch; of ICMP (IPv4), which has no pseudo header, give protocol 0. */
__attribute__((noinline)) int sum_transport(struct __sk_buff* skb, __u32 at, __u32 length, __u32 protocol) {
  const struct translate_scratch* scratch = scratch_translate();
  if (!scratch) return 0;
  struct summing s = {.skb = skb, .at = at, .left = length};
  if (protocol)
    s.sum = csum_fold32(csum_address(&scratch->ip.source) + csum_address(&scratch->ip.destination) + bpf_htonl(length) +
                        bpf_htonl(protocol));
  bpf_loop(0xffff / SUM_PIECE + 1, sum_piece, &s, 0);
  return csum_fold16(s.sum);
}

/* IPv6 wants a checksum of every datagram (RFC 8200 section 8.1; RFC 7915 section 4.5). */
static __always_inline void make_udp_sum(struct __sk_buff* skb, __u32 l4, __u32 length) {
  __u16 check = ~sum_transport(skb, l4, length, IPPROTO_UDP);
  if (!check) check = 0xffff;
  bpf_skb_store_bytes(skb, l4 + 6, &check, sizeof check, 0);
}

/* Addresses and ports are written first, then the checksum is corrected by the difference: the addresses' as part of
 * the pseudo header, the ports' not. That is right for finished sums, and for those that a device is yet to finish
 * (CHECKSUM_PARTIAL), which hold the pseudo header's sum only. */
#define SAME_PORTS 0xffffffffu /* the change that is none */
static __always_inline __u32 change_ports(struct udphdr* head, const struct ginnel_flow* flow) {
  const __u32 numbers =
      csum_fold32(csum_change(head->source, flow->source_port) + csum_change(head->dest, flow->destination_port));
  head->source = flow->source_port;
  head->dest = flow->destination_port;
  return numbers;
}

static __always_inline void correct_sums(struct __sk_buff* skb, __u32 l4, int udp, __u32 numbers, __u32 addresses) {
  const __u32 check = l4 + (udp ? 6 : 16);
  const __u64 flags = udp ? BPF_F_MARK_MANGLED_0 : 0;
  if (numbers != SAME_PORTS) bpf_l4_csum_replace(skb, check, 0, numbers, flags);
  bpf_l4_csum_replace(skb, check, 0, addresses, flags | BPF_F_PSEUDO_HDR);
}

/* NEXT, or the negated reason of a drop. Invalidates packet pointers. */
__attribute__((noinline)) int translate_family(struct __sk_buff* skb, const struct ginnel_flow* flow, __u32 l4,
                                               __u32 protocol, __u32 tcp_flags) {
  struct udphdr head; /* TCP and UDP begin alike */
  struct translate_scratch* s = scratch_translate();
  const int from6 = is_ipv6(skb);
  if (!s || !flow) return DROP(MALFORMED);
  if (l4 != ETH_HLEN + ip_header_length(from6)) return DROP(TRANSLATED_OPTIONS);
  if (read_ip(skb, ETH_HLEN, from6, &s->ip) || bpf_skb_load_bytes(skb, l4, &head, sizeof head)) return DROP(MALFORMED);
  const __u32 addresses = bpf_csum_diff((__be32*)&s->ip.source, 32, (__be32*)&flow->source, 32, 0);
  const __u32 numbers = change_ports(&head, flow);
  s->ip.source = flow->source;
  s->ip.destination = flow->destination;
  s->ip.hops--;
  if (change_family(skb, !from6, &s->ip)) return DROP(MALFORMED);
  l4 = ETH_HLEN + ip_header_length(!from6);
  bpf_skb_store_bytes(skb, l4, &head, 4, 0);

  const int udp = protocol == IPPROTO_UDP;
  if (udp && head.check == 0) {
    if (!from6) make_udp_sum(skb, l4, s->ip.length);
    return NEXT;
  }
  correct_sums(skb, l4, udp, numbers, addresses);
  if (tcp_flags & TCP_SYN) clamp_mss(skb, l4, GINNEL_MSS6);
  return NEXT;
}

#endif
