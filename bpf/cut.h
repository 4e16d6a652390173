/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* The end of a flow that the daemon has cut or that was idle for too long: both ends of a TCP connection get a reset,
 * at the next packet of either. And a reset for a segment of no connection. */
#ifndef GINNEL_BPF_CUT_H
#define GINNEL_BPF_CUT_H

#include "bpf/count.h"
#include "bpf/ip_header.h"
#include "bpf/packet.h"

struct tcp_reset {
  struct ginnel_address source, destination; /* say its family too */
  __be16 ports[2];
  __be32 sequence, acknowledgement;
  __u8 flags;
  __u8 mac[6]; /* of the receiver */
};
#define RESET_HOPS 64 /* as the ends of a connection would send it */

struct cut_scratch {
  struct tcp_reset reset;
  struct ip_header ip;
  struct ginnel_flow_key partner;
  struct tcphdr tcp; /* of the packet at hand */
  __u32 payload;     /* its length */
  __u8 sender[6];
};

GINNEL_SCRATCH(cut_scratch, struct cut_scratch, scratch_cut)

/* The sum of a bare TCP header and its pseudo header (RFC 9293 section 3.1), over header words. */
static __always_inline __u16 bare_tcp_sum(const struct tcp_reset* reset, __be32* words) {
  __u32 sum = bpf_csum_diff(0, 0, (__be32*)&reset->source, 32, bpf_htonl(IPPROTO_TCP << 16 | sizeof(struct tcphdr)));
  sum = bpf_csum_diff(0, 0, words, sizeof(struct tcphdr), sum);
  return csum_fold16(sum);
}

/* A bare TCP header, of the sums that it has kept as finished ones and for CHECKSUM_PARTIAL: see translate.h; the last
 * replacement has no effect on the latter. */
__attribute__((noinline)) int write_bare_tcp(struct __sk_buff* skb, __u32 l4) {
  const struct cut_scratch* s = scratch_cut();
  if (!s || l4 > L4_MOST) return -1;
  const struct tcp_reset* reset = &s->reset;
  __be16 current;
  const __u32 check = l4 + 16;
  if (bpf_skb_load_bytes(skb, check, &current, sizeof current)) return -1;
  __be32 words[5] = {(__u32)reset->ports[1] << 16 | reset->ports[0], reset->sequence, reset->acknowledgement,
                     bpf_htonl(5u << 28 | (__u32)reset->flags << 16), 0};
  const __u16 sum = bare_tcp_sum(reset, words);
  words[4] = current; /* its first two bytes in memory, hence the low half on a little-endian machine */
  bpf_skb_store_bytes(skb, l4, words, sizeof words, 0);
  return bpf_l4_csum_replace(skb, check, (__u16)~current, sum, 2); /* the sum becomes this one: its inverse is stored */
}

/* Makes of the TCP packet the bare reset of the scratch; one that changes its family must have neither IP options nor
 * extension headers. Gives where the TCP header is then, or less than 0. */
__attribute__((noinline)) int write_reset(struct __sk_buff* skb, __u32 l4) {
  struct {
    __u8 to[6], from[6];
  } macs;
  struct cut_scratch* s = scratch_cut();
  if (!s || l4 < ETH_HLEN + IPV4_HEADER || l4 > L4_MOST || read_ip(skb, ETH_HLEN, is_ipv6(skb), &s->ip)) return -1;
  const __u32 length = transport_length(skb, l4);
  const int to_ipv6 = !is_mapped(&s->reset.source), changes = to_ipv6 != is_ipv6(skb);
  if (changes && l4 != ETH_HLEN + ip_header_length(is_ipv6(skb))) return -1;
  if (bpf_skb_change_tail(skb, l4 + sizeof(struct tcphdr), 0)) return -1;
  const __u32 addresses =
      bpf_csum_diff((__be32*)&s->ip.source, 32, (__be32*)&s->reset.source, 32, 0); /* sources and destinations */
  const __u64 lengths = csum_change(bpf_htonl(length), bpf_htonl(sizeof(struct tcphdr)));
  s->ip.source = s->reset.source;
  s->ip.destination = s->reset.destination;
  s->ip.length = sizeof(struct tcphdr);
  s->ip.hops = RESET_HOPS;
  if (changes) {
    if (change_family(skb, to_ipv6, &s->ip)) return -1;
    l4 = ETH_HLEN + ip_header_length(to_ipv6);
  } else { /* the same IP header, options and all */
    write_length(skb, l4, sizeof(struct tcphdr));
    if (write_addresses(skb, ETH_HLEN, to_ipv6, &s->ip)) return -1;
  }
  bpf_l4_csum_replace(skb, l4 + 16, 0, csum_fold32((__u64)addresses + csum_fold32(lengths)), BPF_F_PSEUDO_HDR);
  if (write_bare_tcp(skb, l4)) return -1;
  copy_mac(macs.to, s->reset.mac);
  copy_mac(macs.from, config.router_mac);
  return bpf_skb_store_bytes(skb, 0, &macs, sizeof macs, 0) ? -1 : (int)l4;
}

/* On to the receiver, as if the sender had reset it. */
static __always_inline void fill_onward(struct tcp_reset* reset, const struct ginnel_flow* flow,
                                        const struct tcphdr* tcp) {
  reset->source = flow->source;
  reset->destination = flow->destination;
  reset->ports[0] = flow->source_port;
  reset->ports[1] = flow->destination_port;
  reset->sequence = tcp->seq;
  reset->acknowledgement = tcp->ack_seq;
  reset->flags = tcp->ack ? TCP_RST | TCP_ACK : TCP_RST;
  copy_mac(reset->mac, flow->destination_mac);
}

/* Back to the sender, by RFC 9293 section 3.5.2: takes its number from the packet, or acknowledges all of it. */
static __always_inline void fill_back(struct tcp_reset* reset, const struct ginnel_flow_key* key,
                                      const struct tcphdr* tcp, __u32 payload) {
  reset->source = key->destination;
  reset->destination = key->source;
  reset->ports[0] = key->destination_port;
  reset->ports[1] = key->source_port;
  reset->sequence = tcp->ack ? tcp->ack_seq : 0;
  reset->acknowledgement = tcp->ack ? 0 : bpf_htonl(bpf_ntohl(tcp->seq) + payload + tcp->syn + tcp->fin);
  reset->flags = tcp->ack ? TCP_RST : TCP_RST | TCP_ACK;
}

/* Until a PROXY header is acknowledged the target counts the client's bytes from another number (proxy.h). Ends what is
 * remembered of it, and gives the packet's numbers as the receiver would have got them. */
static __always_inline struct tcphdr as_received(const struct ginnel_flow* flow, const struct ginnel_flow_key* opener,
                                                 const struct tcphdr* tcp) {
  struct tcphdr out = *tcp;
  const struct ginnel_proxy* proxy = flow->flags & GINNEL_FLOW_PROXY ? bpf_map_lookup_elem(&proxies, opener) : NULL;
  if (!proxy) return out;
  const __u32 first = proxy->first;
  if (flow->flags & GINNEL_FLOW_REVERSE) {
    const __s32 ahead = bpf_ntohl(tcp->ack_seq) - first;
    if (ahead < 0 && ahead >= -(__s32)GINNEL_PROXY_HEADER) out.ack_seq = bpf_htonl(first);
  } else if ((__s32)(bpf_ntohl(tcp->seq) - first) <= 0) {
    out.seq = bpf_htonl(first - GINNEL_PROXY_HEADER);
  }
  bpf_map_delete_elem(&proxies, opener);
  return out;
}

/* The segment at hand and who sent it, into the scratch. */
static __always_inline int load_segment(struct __sk_buff* skb, __u32 l4, struct cut_scratch* s) {
  return bpf_skb_load_bytes(skb, l4, &s->tcp, sizeof s->tcp) || bpf_skb_load_bytes(skb, 6, s->sender, sizeof s->sender);
}

/* Makes of the packet, whose TCP header is at `l4` now, the answer to the segment that it was, and counts it; `reverse`
 * if it goes to an opener. */
static __always_inline int answer_sender(struct __sk_buff* skb, __u32 l4, const struct ginnel_flow_key* key,
                                         struct cut_scratch* s, __u32 reverse, __u32 reason) {
  fill_back(&s->reset, key, &s->tcp, s->payload);
  copy_mac(s->reset.mac, s->sender);
  if (write_reset(skb, l4) < 0) return -(int)reason;
  count_drop(reason);
  count_own_reset(skb->ifindex, reverse);
  return bpf_redirect(skb->ifindex, 0);
}

static __always_inline __u32 segment_payload(const struct __sk_buff* skb, __u32 l4, const struct cut_scratch* s) {
  const __u32 headers = l4 + s->tcp.doff * 4u;
  return skb->len > headers ? skb->len - headers : 0;
}

/* A TCP segment of no flow, its key and whose it is in the scratches: a reset for its sender. A verdict or the negated
 * reason of a drop. Only clients of a link are known to be of one. */
__attribute__((noinline)) int refuse_segment(struct __sk_buff* skb, __u32 l4, __u32 reason) {
  const struct decision* d = scratch_decision();
  struct cut_scratch* s = scratch_cut();
  if (!d || !s || load_segment(skb, l4, s) || s->tcp.rst) return -(int)reason;
  s->payload = segment_payload(skb, l4, s);
  return answer_sender(skb, l4, &d->key, s, 1, reason);
}

/* The whole stage for a packet whose flow is ended for that reason, its key and whose it is in the scratches: a verdict
 * or the negated reason of a drop. */
__attribute__((noinline)) int cut_flow(struct __sk_buff* skb, __u32 l4, __u32 reason) {
  struct decision* d = scratch_decision();
  struct cut_scratch* s = scratch_cut();
  const int dropped = -(int)reason;
  if (!d || !s) return dropped;
  const struct ginnel_flow_key* key = &d->key;
  const struct ginnel_flow* flow = bpf_map_lookup_elem(&flows, key);
  if (!flow) return dropped;
  s->partner = ginnel_flow_partner(key, flow);
  const __u32 oif = flow->oif, reverse = flow->flags & GINNEL_FLOW_REVERSE;
  const int is_tcp = key->protocol == IPPROTO_TCP && !load_segment(skb, l4, s);
  if (is_tcp) {
    const struct tcphdr received = as_received(flow, flow->flags & GINNEL_FLOW_REVERSE ? &s->partner : key, &s->tcp);
    fill_onward(&s->reset, flow, &received);
  }
  end_entry_of(key);
  end_entry_of(&s->partner);
  if (!is_tcp) return dropped;

  s->payload = segment_payload(skb, l4, s);
  const int at = write_reset(skb, l4);
  if (at < 0) return dropped;
  const int lost = bpf_clone_redirect(skb, oif, 0);
  if (!lost) count_own_reset(oif, reverse);
  if (s->tcp.rst) return dropped;
  return answer_sender(skb, at, key, s, !reverse, reason);
}

#endif
