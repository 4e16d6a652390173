/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* IP headers of either family, read and written as one thing; and packets that change their family. */
#ifndef GINNEL_BPF_IP_HEADER_H
#define GINNEL_BPF_IP_HEADER_H

#include "bpf/packet.h"

#define IPV4_HEADER 20u
#define IPV6_HEADER 40u
#define IPV4_DONT_FRAGMENT 0x4000
#define IPV4_MORE_FRAGMENTS 0x2000
/* RFC 7915 section 5.1: what fits into 1,280 bytes of IPv6 may be cut on its way, as no host makes less of it. */
#define MOST_FRAGMENTED 1260u

struct ip_header {
  struct ginnel_address source, destination;
  __u32 length; /* of what follows the header */
  __u8 class;   /* type of service, or traffic class */
  __u8 hops, protocol;
  __u8 part;        /* written as a fragment of IPv4, with */
  __be16 where, id; /* these fields; not read from packets, but from quotes of them */
};

static __always_inline __u32 ip_header_length(int ipv6) { return ipv6 ? IPV6_HEADER : IPV4_HEADER; }

/* A header without options, or the first part of one: 0 or less than 0. */
static __always_inline int read_ipv4(struct __sk_buff* skb, __u32 at, struct ip_header* out) {
  struct iphdr ip;
  if (bpf_skb_load_bytes(skb, at, &ip, sizeof ip) || ip.version != 4) return -1;
  const __u32 total = ip.tot_len ? bpf_ntohs(ip.tot_len) : skb->len - at;
  out->source = mapped(ip.saddr);
  out->destination = mapped(ip.daddr);
  out->length = total - IPV4_HEADER;
  out->class = ip.tos;
  out->hops = ip.ttl;
  out->protocol = ip.protocol;
  out->part = 0;
  return 0;
}

static __always_inline int read_ipv6(struct __sk_buff* skb, __u32 at, struct ip_header* out) {
  struct ipv6hdr ip;
  if (bpf_skb_load_bytes(skb, at, &ip, sizeof ip) || ip.version != 6) return -1;
  __builtin_memcpy(&out->source, &ip.saddr, sizeof out->source);
  __builtin_memcpy(&out->destination, &ip.daddr, sizeof out->destination);
  out->length = ip.payload_len ? bpf_ntohs(ip.payload_len) : skb->len - at - IPV6_HEADER;
  out->class = ip.priority << 4 | ip.flow_lbl[0] >> 4;
  out->hops = ip.hop_limit;
  out->protocol = ip.nexthdr;
  out->part = 0;
  return 0;
}

/* These two are functions of their own, so that the stack holds the bytes no longer than they last. */
__attribute__((noinline)) int read_ip(struct __sk_buff* skb, __u32 at, int ipv6, struct ip_header* out) {
  if (!out) return -1;
  return ipv6 ? read_ipv6(skb, at, out) : read_ipv4(skb, at, out);
}

/* Likewise of headers that are written anew. BIG TCP has no length. */
static __always_inline int write_ipv4(struct __sk_buff* skb, __u32 at, const struct ip_header* in) {
  const __u32 total = in->length + IPV4_HEADER;
  struct iphdr ip = {.version = 4,
                     .ihl = 5,
                     .tos = in->class,
                     .tot_len = total > 0xffff ? 0 : bpf_htons(total),
                     .ttl = in->hops,
                     .protocol = in->protocol,
                     .saddr = in->source.word[3],
                     .daddr = in->destination.word[3]};
  if (in->part) {
    ip.frag_off = in->where;
    ip.id = in->id;
  } else if (total > MOST_FRAGMENTED) {
    ip.frag_off = bpf_htons(IPV4_DONT_FRAGMENT); /* and needs no number (RFC 6864) */
  } else {
    ip.id = bpf_get_prandom_u32();
  }
  ip.check = ~csum_fold16(csum_fold32(bpf_csum_diff(0, 0, (__be32*)&ip, sizeof ip, 0)));
  return bpf_skb_store_bytes(skb, at, &ip, sizeof ip, 0);
}

static __always_inline int write_ipv6(struct __sk_buff* skb, __u32 at, const struct ip_header* in) {
  struct ipv6hdr ip = {.version = 6,
                       .priority = in->class >> 4,
                       .flow_lbl = {in->class << 4},
                       .payload_len = in->length > 0xffff ? 0 : bpf_htons(in->length),
                       .nexthdr = in->protocol,
                       .hop_limit = in->hops};
  __builtin_memcpy(&ip.saddr, &in->source, sizeof ip.saddr);
  __builtin_memcpy(&ip.daddr, &in->destination, sizeof ip.daddr);
  return bpf_skb_store_bytes(skb, at, &ip, sizeof ip, 0);
}

__attribute__((noinline)) int write_ip(struct __sk_buff* skb, __u32 at, int ipv6, const struct ip_header* in) {
  if (!in) return -1;
  return ipv6 ? write_ipv6(skb, at, in) : write_ipv4(skb, at, in);
}

/* In place: only hops and addresses become these; also in the sum of an IPv4 header. 0 or less than 0. */
__attribute__((noinline)) int write_addresses(struct __sk_buff* skb, __u32 at, int ipv6, const struct ip_header* in) {
  if (!in) return -1;
  if (ipv6) {
    if (bpf_skb_store_bytes(skb, at + offsetof(struct ipv6hdr, hop_limit), &in->hops, sizeof in->hops, 0)) return -1;
    return bpf_skb_store_bytes(skb, at + offsetof(struct ipv6hdr, saddr), &in->source, 2 * sizeof in->source, 0);
  }
  __be32 before[3], after[3]; /* TTL, protocol, sum; addresses */
  if (bpf_skb_load_bytes(skb, at + offsetof(struct iphdr, ttl), before, sizeof before)) return -1;
  after[0] = bpf_htonl((bpf_ntohl(before[0]) & 0xffffff) | (__u32)in->hops << 24);
  after[1] = in->source.word[3];
  after[2] = in->destination.word[3];
  if (bpf_skb_store_bytes(skb, at + offsetof(struct iphdr, ttl), after, sizeof after, 0)) return -1;
  const __u32 change = bpf_csum_diff(before, sizeof before, after, sizeof after, 0);
  return bpf_l3_csum_replace(skb, at + offsetof(struct iphdr, check), 0, change, 0);
}

/* Of a frame whose IP header has no options: it becomes one of the other family, with this header in front of the same
 * bytes. 0 or less than 0. Invalidates packet pointers. */
static __always_inline int change_family(struct __sk_buff* skb, int to_ipv6, const struct ip_header* header) {
  const __be16 protocol = to_ipv6 ? bpf_htons(ETH_P_IPV6) : bpf_htons(ETH_P_IP);
  if (bpf_skb_change_proto(skb, protocol, 0)) return -1;
  bpf_skb_store_bytes(skb, ETH_HLEN - sizeof protocol, &protocol, sizeof protocol, 0);
  return write_ip(skb, ETH_HLEN, to_ipv6, header);
}

/* From the transport header on, by what IP says: short frames are filled up. */
static __always_inline __u32 transport_length(struct __sk_buff* skb, __u32 l4) {
  const __u32 at = is_ipv6(skb) ? 4 : 2, counted_from = is_ipv6(skb) ? ETH_HLEN + IPV6_HEADER : ETH_HLEN;
  __be16 length = 0;
  bpf_skb_load_bytes(skb, ETH_HLEN + at, &length, sizeof length);
  return (length ? bpf_ntohs(length) : skb->len - counted_from) - (l4 - counted_from);
}

/* It becomes another: also in the sum of an IPv4 header. */
static __always_inline void write_length(struct __sk_buff* skb, __u32 l4, __u32 length) {
  const __u32 counted_from = is_ipv6(skb) ? ETH_HLEN + IPV6_HEADER : ETH_HLEN;
  const __be16 total = bpf_htons(l4 - counted_from + length);
  if (is_ipv6(skb)) {
    bpf_skb_store_bytes(skb, ETH_HLEN + 4, &total, sizeof total, 0);
    return;
  }
  __be16 before = 0;
  bpf_skb_load_bytes(skb, ETH_HLEN + 2, &before, sizeof before);
  bpf_l3_csum_replace(skb, ETH_HLEN + 10, before, total, sizeof total);
  bpf_skb_store_bytes(skb, ETH_HLEN + 2, &total, sizeof total, 0);
}

#endif
