/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* The end of a flow that the daemon has cut: both ends of a TCP connection get a reset, at the next packet of either.
 */
#ifndef GINNEL_BPF_CUT_H
#define GINNEL_BPF_CUT_H

#include "bpf/packet.h"

struct tcp_reset {
  __be32 addresses[2]; /* source, destination */
  __be16 ports[2];
  __be32 sequence, acknowledgement;
  __u8 flags;
  __u8 mac[6]; /* of the receiver */
};

/* The sum of a bare TCP header and its pseudo header (RFC 9293 section 3.1), over header words. */
static __always_inline __u16 bare_tcp_sum(const struct tcp_reset* reset, const __be32* words) {
  __u64 sum = (__u64)reset->addresses[0] + reset->addresses[1] + bpf_htonl(IPPROTO_TCP << 16 | sizeof(struct tcphdr));
  for (int i = 0; i < 5; i++) sum += words[i];
  return csum_fold16(csum_fold32(sum));
}

/* Makes of the TCP packet a bare reset, IP options aside. Checksums as finished sums and for CHECKSUM_PARTIAL: see
 * rewrite.h; the second replacement has no effect on the latter. */
__attribute__((noinline)) int write_reset(struct __sk_buff* skb, struct tcp_reset* reset, __u32 l4) {
  struct iphdr ip;
  struct {
    __u8 to[6], from[6];
  } macs;
  if (!reset || l4 < ETH_HLEN + sizeof ip || l4 > ETH_HLEN + 60) return -1;
  if (bpf_skb_load_bytes(skb, ETH_HLEN, &ip, sizeof ip)) return -1;
  const __u32 old_total = ip.tot_len ? bpf_ntohs(ip.tot_len) : skb->len - ETH_HLEN, ip_header = l4 - ETH_HLEN;
  if (bpf_skb_change_tail(skb, l4 + sizeof(struct tcphdr), 0)) return -1;

  const __u32 addresses =
      csum_fold32(csum_change(ip.saddr, reset->addresses[0]) + csum_change(ip.daddr, reset->addresses[1]));
  const __be16 total = bpf_htons(ip_header + sizeof(struct tcphdr));
  const __u32 lengths = csum_change(bpf_htonl(old_total - ip_header), bpf_htonl(sizeof(struct tcphdr)));
  const __u32 check = l4 + 16;
  bpf_l3_csum_replace(skb, ETH_HLEN + 10, 0, csum_fold32((__u64)addresses + csum_change(ip.tot_len, total)), 0);
  bpf_skb_store_bytes(skb, ETH_HLEN + 2, &total, sizeof total, 0);
  bpf_skb_store_bytes(skb, ETH_HLEN + 12, reset->addresses, 8, 0);
  bpf_l4_csum_replace(skb, check, 0, csum_fold32((__u64)addresses + lengths), BPF_F_PSEUDO_HDR);

  __be16 current;
  if (bpf_skb_load_bytes(skb, check, &current, sizeof current)) return -1;
  __be32 words[5] = {(__u32)reset->ports[1] << 16 | reset->ports[0], reset->sequence, reset->acknowledgement,
                     bpf_htonl(5u << 28 | (__u32)reset->flags << 16), 0};
  const __u16 sum = bare_tcp_sum(reset, words);
  words[4] = current; /* its first two bytes in memory, hence the low half on a little-endian machine */
  bpf_skb_store_bytes(skb, l4, words, sizeof words, 0);
  bpf_l4_csum_replace(skb, check, (__u16)~current, sum, 2); /* the sum becomes this one: its inverse is stored */

  copy_mac(macs.to, reset->mac);
  copy_mac(macs.from, config.router_mac);
  return bpf_skb_store_bytes(skb, 0, &macs, sizeof macs, 0);
}

/* On to the receiver, as if the sender had reset it. */
static __always_inline struct tcp_reset onward(const struct ginnel_flow* flow, const struct tcphdr* tcp) {
  struct tcp_reset reset = {.addresses = {flow->source.word[3], flow->destination.word[3]},
                            .ports = {flow->source_port, flow->destination_port},
                            .sequence = tcp->seq,
                            .acknowledgement = tcp->ack_seq,
                            .flags = tcp->ack ? TCP_RST | TCP_ACK : TCP_RST};
  copy_mac(reset.mac, flow->destination_mac);
  return reset;
}

/* Back to the sender, by RFC 9293 section 3.5.2: takes its number from the packet, or acknowledges all of it. */
static __always_inline struct tcp_reset back(const struct ginnel_flow_key* key, const struct tcphdr* tcp,
                                             __u32 payload) {
  struct tcp_reset reset = {
      .addresses = {key->destination.word[3], key->source.word[3]},
      .ports = {key->destination_port, key->source_port},
      .sequence = tcp->ack ? tcp->ack_seq : 0,
      .acknowledgement = tcp->ack ? 0 : bpf_htonl(bpf_ntohl(tcp->seq) + payload + tcp->syn + tcp->fin),
      .flags = tcp->ack ? TCP_RST : TCP_RST | TCP_ACK};
  return reset;
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

/* The whole stage for a packet whose flow is cut, its key in the scratch: a verdict or the negated reason of a drop. */
__attribute__((noinline)) int cut_flow(struct __sk_buff* skb, __u32 l4) {
  struct tcphdr tcp;
  __u8 sender[6];
  struct decision* d = scratch_decision();
  if (!d) return DROP(FLOW_CUT);
  const struct ginnel_flow_key* key = &d->key;
  const struct ginnel_flow* flow = bpf_map_lookup_elem(&flows, key);
  if (!flow) return DROP(FLOW_CUT);
  const struct ginnel_flow_key partner = ginnel_flow_partner(key, flow);
  const __u32 oif = flow->oif;
  const int is_tcp = key->protocol == IPPROTO_TCP && !bpf_skb_load_bytes(skb, l4, &tcp, sizeof tcp) &&
                     !bpf_skb_load_bytes(skb, 6, sender, sizeof sender);
  struct tcp_reset reset = {};
  if (is_tcp) {
    const struct tcphdr received = as_received(flow, flow->flags & GINNEL_FLOW_REVERSE ? &partner : key, &tcp);
    reset = onward(flow, &received);
  }
  bpf_map_delete_elem(&flows, key);
  bpf_map_delete_elem(&flows, &partner);
  if (!is_tcp) return DROP(FLOW_CUT);

  const __u32 headers = l4 + tcp.doff * 4u, payload = skb->len > headers ? skb->len - headers : 0;
  if (write_reset(skb, &reset, l4)) return DROP(FLOW_CUT);
  bpf_clone_redirect(skb, oif, 0);
  if (tcp.rst) return DROP(FLOW_CUT);
  reset = back(key, &tcp, payload);
  copy_mac(reset.mac, sender);
  if (write_reset(skb, &reset, l4)) return DROP(FLOW_CUT);
  count_drop(GINNEL_DROP_FLOW_CUT);
  return bpf_redirect(skb->ifindex, 0);
}

#endif
