/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* Stages: the port, and the headers as far as the flow's key. */
#ifndef GINNEL_BPF_PARSE_H
#define GINNEL_BPF_PARSE_H

#include "bpf/fragment.h"
#include "bpf/ipv6.h"
#include "bpf/nd.h"
#include "bpf/packet.h"

static __always_inline int stage_port(struct __sk_buff* skb, struct packet* p) {
  p->port = find_port_of(skb->ifindex);
  if (!p->port) return DROP(NOT_A_PORT);
  p->key.scope = p->port->vpc;
  return NEXT;
}

/* Makes the first bytes directly readable, as many of them as there are. */
static __always_inline int pull(struct __sk_buff* skb, __u32 length) {
  if (data(skb) + length <= data_end(skb)) return 0;
  if (length > skb->len) length = skb->len;
  return bpf_skb_pull_data(skb, length);
}

/* Queries and answers have an identifier. */
static __always_inline void icmp_key(struct packet* p, const struct icmp_echo* icmp) {
  p->key.icmp_type = icmp->type;
  p->key.icmp_code = icmp->code;
  if (ginnel_icmp_partner(p->key.protocol, icmp->type) != icmp->type)
    p->key.source_port = p->key.destination_port = icmp->identifier;
}

static __always_inline int parse_icmp(struct packet* p, const struct icmp_echo* icmp) {
  switch (icmp->type) {
    case ICMP_UNREACHABLE:
    case ICMP_TIME_EXCEEDED:
    case ICMP_PARAMETER_PROBLEM:
      p->special = SPECIAL_ERROR;
      return NEXT;
    case ICMP_SOURCE_QUENCH:
    case ICMP_REDIRECT_ROUTE:
    case ICMP_ROUTER_ADVERTISEMENT:
      return DROP(ICMP_TYPE);
  }
  icmp_key(p, icmp);
  return NEXT;
}

static __always_inline int parse_icmpv6(struct packet* p, const struct icmp_echo* icmp) {
  const __u8 type = icmp->type;
  if ((type >= 130 && type <= 132) || type == 143) return DROP(MULTICAST_LISTENER);
  if (type >= 1 && type <= 4) {
    p->special = SPECIAL_ERROR;
  } else if (type >= ND_ROUTER_SOLICITATION && type <= ND_REDIRECT) {
    p->special = SPECIAL_ND;
  } else {
    icmp_key(p, icmp);
  }
  return NEXT;
}

/* The transport header at p->l4, of which `length` bytes must be there by what the IP header says. */
static __always_inline int parse_transport(struct __sk_buff* skb, struct packet* p, __u32 length) {
  __u32 l4 = p->l4;
  if (l4 > L4_MOST || pull(skb, l4 + sizeof(struct tcphdr))) return DROP(MALFORMED);
  void *header = data(skb) + l4, *end = data_end(skb);

  if (p->key.protocol == IPPROTO_TCP) {
    struct tcphdr* tcp = header;
    if ((void*)(tcp + 1) > end || tcp->doff < 5 || tcp->doff * 4u > length) return DROP(MALFORMED);
    p->tcp_flags = ((__u8*)tcp)[13];
    p->key.source_port = tcp->source;
    p->key.destination_port = tcp->dest;
  } else if (p->key.protocol == IPPROTO_UDP) {
    struct udphdr* udp = header;
    if ((void*)(udp + 1) > end || length < sizeof *udp) return DROP(MALFORMED);
    p->key.source_port = udp->source;
    p->key.destination_port = udp->dest;
  } else if (p->key.protocol == IPPROTO_ICMP) {
    struct icmp_echo* icmp = header;
    if (p->ethertype != bpf_htons(ETH_P_IP)) return DROP(PROTOCOL);
    if ((void*)(icmp + 1) > end || length < sizeof *icmp) return DROP(MALFORMED);
    return parse_icmp(p, icmp);
  } else if (p->key.protocol == IPPROTO_ICMPV6) {
    struct icmp_echo* icmp = header;
    if (p->ethertype != bpf_htons(ETH_P_IPV6)) return DROP(PROTOCOL);
    if ((void*)(icmp + 1) > end || length < sizeof *icmp) return DROP(MALFORMED);
    return parse_icmpv6(p, icmp);
  } /* others have no ports that count */
  return NEXT;
}

/* Of fragments the first has this header. Messages that are not of a flow by themselves come whole. */
static __always_inline int parse_first(struct __sk_buff* skb, struct packet* p, __u32 length) {
  const int result = parse_transport(skb, p, length);
  if (result) return result;
  if (p->special) return DROP(FRAGMENT);
  p->special = SPECIAL_FIRST;
  return NEXT;
}

static __always_inline int parse_later(struct packet* p) {
  p->special = SPECIAL_LATER;
  return NEXT;
}

static __always_inline int parse_ipv4(struct __sk_buff* skb, struct packet* p) {
  struct iphdr* ip = data(skb) + ETH_HLEN;
  if ((void*)(ip + 1) > data_end(skb)) return DROP(MALFORMED);
  __u32 header = ip->ihl * 4u, on_wire = skb->len - ETH_HLEN;
  __u32 length = bpf_ntohs(ip->tot_len);
  if (length == 0) length = on_wire; /* a segment above 64 KiB that is cut up later (BIG TCP) */
  if (ip->version != 4 || header < sizeof *ip || length < header || length > on_wire) return DROP(MALFORMED);

  p->hops = ip->ttl;
  p->key.protocol = ip->protocol;
  p->key.source = mapped(ip->saddr);
  p->key.destination = mapped(ip->daddr);
  p->l4 = ETH_HLEN + header;
  if (ip->frag_off & bpf_htons(0x3fff)) { /* more to come, or not the first */
    const int later = ip->frag_off & bpf_htons(0x1fff), result = begin_fragment_ipv4(ip, length - header);
    return result ? result : later ? parse_later(p) : parse_first(skb, p, length - header);
  }
  return parse_transport(skb, p, length - header);
}

static __always_inline int parse_ipv6(struct __sk_buff* skb, struct packet* p) {
  struct ipv6hdr* ip = data(skb) + ETH_HLEN;
  if ((void*)(ip + 1) > data_end(skb)) return DROP(MALFORMED);
  const __u32 on_wire = skb->len - ETH_HLEN - sizeof *ip;
  __u32 length = bpf_ntohs(ip->payload_len);
  if (length == 0) length = on_wire; /* BIG TCP */
  if (ip->version != 6 || length > on_wire) return DROP(MALFORMED);

  p->hops = ip->hop_limit;
  __builtin_memcpy(&p->key.source, &ip->saddr, sizeof p->key.source);
  __builtin_memcpy(&p->key.destination, &ip->daddr, sizeof p->key.destination);
  /* Written like this they would be taken for IPv4's, by every stage and every map. */
  if (is_mapped(&p->key.source) || is_mapped(&p->key.destination)) return DROP(MALFORMED);
  struct ipv6_walk walk = {.next = ip->nexthdr, .at = ETH_HLEN + sizeof *ip};
  if (is_extension(walk.next)) {
    const int result = walk_extensions(skb, &walk);
    if (result) return result;
    if (!in_range(&walk.at, ETH_HLEN + sizeof *ip, L4_MOST)) return DROP(EXTENSION_HEADERS);
    if (walk.at - ETH_HLEN - sizeof *ip > length) return DROP(MALFORMED);
  }
  p->key.protocol = walk.next;
  p->l4 = walk.at;
  length -= walk.at - ETH_HLEN - sizeof *ip;
  if (walk.fragment) {
    const int result = begin_fragment_ipv6(&walk, length);
    return result ? result : walk.offset ? parse_later(p) : parse_first(skb, p, length);
  }
  const int result = parse_transport(skb, p, length);
  if (!result && walk.id_at && p->special == SPECIAL_ND)
    return DROP(FRAGMENT); /* RFC 6980: also if it is the only one */
  return result;
}

static __always_inline int stage_parse(struct __sk_buff* skb, struct packet* p) {
  if (pull(skb, ETH_HLEN + sizeof(struct iphdr) + sizeof(struct tcphdr))) return DROP(MALFORMED);
  struct ethhdr* ethernet = data(skb);
  if ((void*)(ethernet + 1) > data_end(skb)) return DROP(MALFORMED);
  p->ethertype = ethernet->h_proto;
  if (skb->vlan_present) return DROP(NOT_IP);
  if (p->ethertype == bpf_htons(ETH_P_ARP)) return NEXT;
  if (p->ethertype == bpf_htons(ETH_P_IPV6)) return parse_ipv6(skb, p);
  if (p->ethertype != bpf_htons(ETH_P_IP)) return DROP(NOT_IP);
  return parse_ipv4(skb, p);
}

/* Neither bpf_redirect_peer nor the cutting into segments is checked by the kernel. Here, before a flow is made of it.
 */
static __always_inline int stage_size(struct __sk_buff* skb, struct packet* p) {
  __u32 l4 = p->l4, header = sizeof(struct udphdr);
  p->size = skb->len - ETH_HLEN;
  if (skb->gso_size) {
    if (p->key.protocol == IPPROTO_TCP) {
      if (l4 > L4_MOST) return DROP(MALFORMED);
      struct tcphdr* tcp = data(skb) + l4;
      if ((void*)(tcp + 1) > data_end(skb)) return DROP(MALFORMED);
      header = tcp->doff * 4u;
    }
    p->size = l4 - ETH_HLEN + header + skb->gso_size;
  }
  return p->size > GINNEL_MTU ? DROP(TOO_BIG) : NEXT;
}

#endif
