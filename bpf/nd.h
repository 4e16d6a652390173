/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* Stage: neighbour discovery (RFC 4861). As with ARP every address is the router's, whose own is fe80::1
 * (GINNEL_ROUTER_PREFIX). Router solicitations are for the daemon, which sees them before the program does. */
#ifndef GINNEL_BPF_ND_H
#define GINNEL_BPF_ND_H

#include "bpf/packet.h"

#define ND_ROUTER_SOLICITATION 133
#define ND_ROUTER_ADVERTISEMENT 134
#define ND_SOLICITATION 135
#define ND_ADVERTISEMENT 136
#define ND_REDIRECT 137
#define ND_SOURCE_MAC 1 /* options */
#define ND_TARGET_MAC 2
#define ND_MOST_OPTIONS 4

struct nd_message {
  __u8 type, code;
  __be16 check;
  __be32 flags;
  struct ginnel_address target;
};
struct nd_mac {
  __u8 type, length; /* in units of 8 bytes */
  __u8 mac[6];
};
struct nd_answer {
  struct ethhdr ethernet;
  struct ipv6hdr ip;
  struct nd_message message;
  struct nd_mac option;
} __attribute__((packed));

#define ND_ROUTER 0x80000000u
#define ND_SOLICITED 0x40000000u
#define ND_OVERRIDE 0x20000000u

GINNEL_SCRATCH(nd_scratch, struct nd_answer, scratch_nd)

static __always_inline int is_router(const struct ginnel_address* a) {
  return a->word[0] == bpf_htonl(GINNEL_ROUTER_PREFIX >> 32) && a->word[1] == bpf_htonl((__u32)GINNEL_ROUTER_PREFIX) &&
         a->word[2] == 0 && a->word[3] == bpf_htonl(GINNEL_ROUTER_SUFFIX);
}

static __always_inline int is_multicast(const struct ginnel_address* a) {
  return (a->word[0] & bpf_htonl(0xff000000)) == bpf_htonl(0xff000000);
}

/* A source MAC among the options must be the port's; a probe has none (RFC 4861 section 7.1.1). */
static __always_inline int check_options(struct __sk_buff* skb, __u32 at, __u32 end, const __u8* mac, int probe) {
  for (int i = 0; i < ND_MOST_OPTIONS; i++) {
    struct nd_mac option;
    if (at == end) return NEXT;
    if (at + sizeof option > end || bpf_skb_load_bytes(skb, at, &option, sizeof option) || !option.length)
      return DROP(MALFORMED);
    if (option.type == ND_SOURCE_MAC) {
      if (option.length != 1 || probe) return DROP(MALFORMED);
      if (!same_mac(option.mac, mac)) return DROP(SPOOFED_ND);
    }
    at += option.length * 8u;
  }
  return at == end ? NEXT : DROP(MALFORMED);
}

/* Who asks: the port by its address or a link-local one that is not the router's, or nobody yet (a probe). */
static __always_inline int may_ask(const struct ginnel_port* port, const struct ginnel_address* source) {
  if (is_multicast(source) || is_router(source)) return 0;
  if (!(port->flags & GINNEL_PORT_CHECK_SOURCE) || is_zero(source) || is_link_local(source)) return 1;
  return !is_zero(&port->address6) && same_address(source, &port->address6);
}

static __always_inline __u16 sum_of_answer(const struct nd_answer* answer) {
  __u64 sum = bpf_htonl(sizeof answer->message + sizeof answer->option) + (__u64)bpf_htonl(IPPROTO_ICMPV6);
  const __u16* word = (const void*)&answer->ip.saddr;
  for (unsigned i = 0; i < (sizeof *answer - offsetof(struct nd_answer, ip.saddr)) / 2; i++) sum += word[i];
  return csum_fold16(csum_fold32(sum));
}

/* The advertisement to the asker; of a probe to all, as nobody has the address that asks. */
static __always_inline void fill_answer(struct nd_answer* answer, const struct ginnel_address* asker,
                                        const struct ginnel_address* target, const __u8* mac) {
  const int probe = is_zero(asker);
  __u32 flags = ND_OVERRIDE;
  if (!probe) flags |= ND_SOLICITED;
  if (is_router(target)) flags |= ND_ROUTER;
  __builtin_memset(answer, 0, sizeof *answer);
  copy_mac(answer->ethernet.h_dest, mac);
  copy_mac(answer->ethernet.h_source, config.router_mac);
  answer->ethernet.h_proto = bpf_htons(ETH_P_IPV6);
  answer->ip.version = 6;
  answer->ip.payload_len = bpf_htons(sizeof answer->message + sizeof answer->option);
  answer->ip.nexthdr = IPPROTO_ICMPV6;
  answer->ip.hop_limit = 255;
  __builtin_memcpy(&answer->ip.saddr, target, sizeof *target);
  __u32* to = (void*)&answer->ip.daddr;
  if (probe) { /* ff02::1; not as a constant, which would get a section and so a map of its own */
    to[0] = bpf_htonl(0xff020000);
    to[3] = bpf_htonl(1);
  } else {
    __builtin_memcpy(to, asker, sizeof *asker);
  }
  answer->message.type = ND_ADVERTISEMENT;
  answer->message.flags = bpf_htonl(flags);
  answer->message.target = *target;
  answer->option.type = ND_TARGET_MAC;
  answer->option.length = 1;
  copy_mac(answer->option.mac, config.router_mac);
  answer->message.check = ~sum_of_answer(answer);
}

/* A neighbour solicitation at l4: a verdict, or the negated reason of a drop. */
__attribute__((noinline)) int answer_solicitation(struct __sk_buff* skb, __u32 l4) {
  const struct ginnel_port* port = find_port_of(skb->ifindex);
  struct nd_answer* answer = scratch_nd();
  struct nd_message asked;
  struct ipv6hdr ip;
  if (!port || !answer || l4 > L4_MOST || bpf_skb_load_bytes(skb, ETH_HLEN, &ip, sizeof ip) ||
      bpf_skb_load_bytes(skb, l4, &asked, sizeof asked))
    return DROP(MALFORMED);
  struct ginnel_address source;
  __builtin_memcpy(&source, &ip.saddr, sizeof source);
  if (asked.code || is_multicast(&asked.target)) return DROP(MALFORMED);
  if (ip.hop_limit != 255 || !may_ask(port, &source)) return DROP(SPOOFED_ND);
  const int probe = is_zero(&source);
  const __u32 end = ETH_HLEN + sizeof ip + bpf_ntohs(ip.payload_len);
  const int result = check_options(skb, l4 + sizeof asked, end, port->mac, probe);
  if (result) return result;
  /* Its own address, or a link-local one, whatever it is: nobody else is on this network. */
  if (probe && !is_router(&asked.target) &&
      (same_address(&asked.target, &port->address6) || is_link_local(&asked.target)))
    return DROP(ND_UNANSWERED);

  fill_answer(answer, &source, &asked.target, port->mac);
  if (bpf_skb_change_tail(skb, sizeof *answer, 0) || bpf_skb_store_bytes(skb, 0, answer, sizeof *answer, 0))
    return DROP(MALFORMED);
  return bpf_redirect(skb->ifindex, 0);
}

static __always_inline int stage_nd(struct __sk_buff* skb, struct packet* p) {
  if (p->special != SPECIAL_ND) return NEXT;
  const struct ethhdr* ethernet = data(skb);
  const __u8* type = data(skb) + p->l4;
  if (p->l4 > L4_MOST || (void*)(ethernet + 1) > data_end(skb) || (void*)(type + 1) > data_end(skb))
    return DROP(MALFORMED);
  if (!same_mac(ethernet->h_source, p->port->mac)) return DROP(SPOOFED_ND);
  if (*type == ND_ROUTER_SOLICITATION) return DROP(ROUTER_SOLICITATION);
  if (*type != ND_SOLICITATION) return DROP(ND_ADVERTISEMENT);
  return answer_solicitation(skb, p->l4);
}

#endif
