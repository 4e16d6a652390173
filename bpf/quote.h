/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* The packet that an ICMP error quotes: read, and made what the error's receiver had sent. */
#ifndef GINNEL_BPF_QUOTE_H
#define GINNEL_BPF_QUOTE_H

#include "bpf/ip_header.h"
#include "bpf/ipv6.h"
#include "bpf/packet.h"

#define ICMP_ERROR_HEADER 8u
#define LEAST_QUOTED 8u /* bytes of the transport header (RFC 792) */
/* As many are kept where the family changes, so that an error stays within the 576 bytes of RFC 1812. */
#define MOST_QUOTED 512u

struct error_scratch {
  struct ginnel_flow_key key;     /* of the entry by which its receiver is reached */
  struct ginnel_flow_key partner; /* of the entry that the quoted packet came by */
  struct ip_header outer, quoted; /* as they are, later as they become */
  __u32 quoted_l4;                /* offset of the quoted transport header */
  __u32 kept;                     /* so many bytes of what begins there, */
  __u8 transport[MOST_QUOTED];    /* these */
};

GINNEL_SCRATCH(error_scratch, struct error_scratch, scratch_error)

/* Later fragments have no ports; errors about them come with those about the first. */
static __always_inline int find_quoted_ipv4(struct __sk_buff* skb, __u32 at, struct error_scratch* s) {
  struct iphdr ip;
  if (bpf_skb_load_bytes(skb, at, &ip, sizeof ip) || ip.ihl < 5) return DROP(MALFORMED);
  if (ip.frag_off & bpf_htons(0x1fff)) return DROP(ICMP_NO_FLOW);
  s->quoted.part = !!(ip.frag_off & bpf_htons(IPV4_MORE_FRAGMENTS));
  s->quoted.where = ip.frag_off;
  s->quoted.id = ip.id;
  s->quoted_l4 = at + ip.ihl * 4u;
  return NEXT;
}

static __always_inline int find_quoted_ipv6(struct __sk_buff* skb, __u32 at, struct error_scratch* s) {
  struct ipv6_walk walk = {.next = s->quoted.protocol, .at = at + IPV6_HEADER};
  if (walk_extensions(skb, &walk)) return DROP(MALFORMED);
  if (walk.offset) return DROP(ICMP_NO_FLOW);
  s->quoted.part = walk.fragment;
  s->quoted.where = bpf_htons(IPV4_MORE_FRAGMENTS);
  s->quoted.id = bpf_htons(bpf_ntohl(walk.id));
  s->quoted.protocol = walk.next;
  s->quoted_l4 = walk.at;
  return NEXT;
}

/* Leaves the quoted packet at the offset in the scratch; the error ends at `end`. */
__attribute__((noinline)) int read_quote(struct __sk_buff* skb, __u32 at, __u32 end) {
  struct error_scratch* s = scratch_error();
  const int ipv6 = is_ipv6(skb);
  if (!s || at > L4_MOST + ICMP_ERROR_HEADER || read_ip(skb, at, ipv6, &s->quoted)) return DROP(MALFORMED);
  const int result = ipv6 ? find_quoted_ipv6(skb, at, s) : find_quoted_ipv4(skb, at, s);
  if (result) return result;
  if (end < s->quoted_l4) return DROP(MALFORMED);
  __u32 kept = end - s->quoted_l4;
  if (kept > MOST_QUOTED) kept = MOST_QUOTED;
  if (!in_range(&kept, LEAST_QUOTED, MOST_QUOTED)) return DROP(MALFORMED);
  s->kept = kept;
  return bpf_skb_load_bytes(skb, s->quoted_l4, s->transport, kept) ? DROP(MALFORMED) : NEXT;
}

/* The quoted packet went to the port, so that the other direction's key is its own, turned round. */
static __always_inline void make_quote_key(struct error_scratch* s, __u32 scope) {
  const __be16* half = (const __be16*)s->transport;
  struct ginnel_flow_key* key = &s->key;
  __builtin_memset(key, 0, sizeof *key);
  key->scope = scope;
  key->source = s->quoted.destination;
  key->destination = s->quoted.source;
  key->protocol = s->quoted.protocol;
  if (key->protocol == IPPROTO_TCP || key->protocol == IPPROTO_UDP) {
    key->source_port = half[1];
    key->destination_port = half[0];
  } else if (ginnel_is_icmp(key->protocol)) {
    const __u8 type = s->transport[0];
    key->icmp_type = ginnel_icmp_partner(key->protocol, type);
    key->icmp_code = s->transport[1];
    if (key->icmp_type == type) {
      key->mute = 1;
    } else {
      key->source_port = key->destination_port = half[2];
    }
  }
}

/* What a target quotes of a handshake with a PROXY header has numbers in front of the client's own (proxy.h): the SYN,
 * and the header, which was a bare acknowledgement. The client takes no error for numbers that it has not sent.
 * The change of the sum. */
static __always_inline __u64 raise_quoted_sequence(struct error_scratch* s, const struct ginnel_flow* flow) {
  const __u32 both = GINNEL_FLOW_PROXY | GINNEL_FLOW_REVERSE;
  if ((flow->flags & both) != both) return 0;
  const struct ginnel_proxy* proxy = bpf_map_lookup_elem(&proxies, &s->partner);
  if (!proxy) return 0;
  __be32* sequence = (__be32*)(s->transport + 4);
  const __be32 before = *sequence;
  const __u32 first = proxy->first;
  const __s32 ahead = bpf_ntohl(before) - first;
  if (ahead >= 0 || ahead < -(__s32)GINNEL_PROXY_HEADER - 1) return 0;
  *sequence = bpf_htonl(ahead == -(__s32)GINNEL_PROXY_HEADER - 1 ? first - 1 : first);
  return csum_change(before, *sequence);
}

/* By the entry that leads to its sender the quoted packet becomes what that one had sent. Its checksum, where the quote
 * reaches so far, changes by the difference. */
static __always_inline void restore_quote(struct error_scratch* s, const struct ginnel_flow* flow) {
  __be16* half = (__be16*)s->transport;
  struct ip_header* ip = &s->quoted;
  const __u32 before = csum_fold32(csum_address(&ip->source) + csum_address(&ip->destination));
  ip->source = flow->destination;
  ip->destination = flow->source;
  __u64 change = csum_change(before, csum_fold32(csum_address(&ip->source) + csum_address(&ip->destination)));
  change += csum_change(half[0], flow->destination_port) + csum_change(half[1], flow->source_port);
  half[0] = flow->destination_port;
  half[1] = flow->source_port;
  if (ip->protocol == IPPROTO_TCP) change += raise_quoted_sequence(s, flow);

  const int udp = ip->protocol == IPPROTO_UDP;
  __be16* check = half + (udp ? 3 : 8);
  if (udp ? !*check : s->kept < sizeof(struct tcphdr)) return; /* the sender made none, or it is not there */
  *check = ~csum_fold16(csum_fold32((__u64)(__u16) ~*check + csum_fold32(change)));
  if (udp && !*check) *check = 0xffff;
}

#endif
