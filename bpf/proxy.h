/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* Stage: a PROXY v2 header before the client's data, without a proxy. The numbers of the client's data stay: its SYN
 * alone is lowered by the header's length, and the header takes the numbers in front of the data. Why this is right,
 * packet by packet: docs/decisions/0012-proxy-protocol-in-the-data-plane.md. */
#ifndef GINNEL_BPF_PROXY_H
#define GINNEL_BPF_PROXY_H

#include "bpf/packet.h"
#include "bpf/proxy_header.h"
#include "bpf/tcp_options.h"

/* Of a segment that comes in for the second time, behind the header. Whoever forges it sends no header by it. */
#define PROXY_MARK 0x50505632u /* "PPV2" */
#define BECAME_HEADER 1
/* Data right after the header need no second one in front of them. */
#define PROXY_AGAIN_MS 5
/* A stray acknowledgement of another connection is not one of the header. */
#define PROXY_MOST_AHEAD (1 << 26)

/* Of a new flow, before its entries: handshakes are remembered or not begun. */
static __always_inline int stage_proxy_open(struct __sk_buff* skb, const struct packet* p) {
  const struct decision* d = scratch_decision();
  __be32 sequence;
  if (!d || !d->proxy) return NEXT;
  if (bpf_skb_load_bytes(skb, p->l4 + 4, &sequence, sizeof sequence)) return DROP(MALFORMED);
  struct ginnel_proxy proxy = {.first = bpf_ntohl(sequence) + 1, .opened_s = now_s()};
  __builtin_memcpy(proxy.endpoint, d->endpoint, sizeof proxy.endpoint);
  return bpf_map_update_elem(&proxies, &d->key, &proxy, BPF_ANY) ? DROP(PROXY_STATE_FULL) : NEXT;
}

/* What stage_track answered; if there is no flow, there is nothing to remember. */
static __always_inline int forget_failed(int answer) {
  const struct decision* d = scratch_decision();
  if (answer != NEXT && d && d->proxy) bpf_map_delete_elem(&proxies, &d->key);
  return answer;
}

static __always_inline void note_in_both(const struct ginnel_flow_key* key, struct ginnel_flow* flow, __u32 bits) {
  const struct ginnel_flow_key other = ginnel_flow_partner(key, flow);
  struct ginnel_flow* partner = bpf_map_lookup_elem(&flows, &other);
  __sync_fetch_and_or(&flow->state, bits);
  if (partner) __sync_fetch_and_or(&partner->state, bits);
}

/* A 32-bit field of the TCP header. */
static __always_inline void change_word(struct __sk_buff* skb, __u32 l4, __u32 at, __be32 from, __u32 to) {
  const __be32 value = bpf_htonl(to);
  bpf_l4_csum_replace(skb, l4 + 16, from, value, sizeof value);
  bpf_skb_store_bytes(skb, l4 + at, &value, sizeof value, 0);
}
#define SEQUENCE_AT 4
#define ACKNOWLEDGEMENT_AT 8

static __always_inline __u32 payload_of(struct __sk_buff* skb, __u32 l4, const struct tcphdr* tcp) {
  return transport_length(skb, l4) - tcp->doff * 4u;
}

/* Fast Open's data would lie in the header's place, so the SYN carries neither data nor the option. */
static __always_inline int lower_syn(struct __sk_buff* skb, __u32 l4, const struct tcphdr* tcp) {
  const __u32 header = tcp->doff * 4u;
  if (payload_of(skb, l4, tcp) && (resize_segment(skb, l4, header) || renew_sum(skb, l4, 0))) return DROP(MALFORMED);
  change_word(skb, l4, SEQUENCE_AT, tcp->seq, bpf_ntohl(tcp->seq) - GINNEL_PROXY_HEADER);
  return blank_options(skb, l4, header - sizeof *tcp, 1);
}

/* A SYN on a living flow. With another number before the header is done: the client begins anew. After that it is an
 * old one, which the target's ACK answers, or the target has lost the connection and answers it with a SYN-ACK. */
static __always_inline int forward_syn(struct __sk_buff* skb, __u32 l4, const struct tcphdr* tcp,
                                       struct ginnel_flow* flow, struct ginnel_proxy* proxy) {
  const struct decision* d = scratch_decision();
  if (!d || !is_open(((const __u8*)tcp)[13])) return DROP(PROXY_OUT_OF_TURN);
  const __u32 first = bpf_ntohl(tcp->seq) + 1;
  if (flow->state & GINNEL_FLOW_HEADER_DONE) {
    note_in_both(&d->key, flow, GINNEL_FLOW_SYN_AGAIN);
  } else if (!proxy) { /* not by what is done here, so let the next one open another flow */
    note_in_both(&d->key, flow, GINNEL_FLOW_RST);
    return DROP(PROXY_OUT_OF_TURN);
  } else if (proxy->first != first) {
    proxy->flags = 0;
    proxy->first = first;
    proxy->opened_s = now_s();
  }
  return lower_syn(skb, l4, tcp);
}

/* Of the handshake that the target has agreed to: nothing else may come where the header belongs. */
static __always_inline int is_in_turn(const struct ginnel_proxy* proxy, const struct tcphdr* tcp) {
  if (!(proxy->flags & GINNEL_PROXY_ANSWERED) || !tcp->ack) return 0;
  const __u32 acknowledged = bpf_ntohl(tcp->ack_seq);
  return acknowledged == proxy->answer_before || acknowledged - proxy->answer <= proxy->answer_next - proxy->answer;
}

/* From the client, the key in the scratch: NEXT, BECAME_HEADER, or the negated reason of a drop. */
__attribute__((noinline)) int proxy_forward(struct __sk_buff* skb, __u32 l4, __u32 comes_again) {
  struct tcphdr tcp;
  const struct decision* d = scratch_decision();
  if (!d || bpf_skb_load_bytes(skb, l4, &tcp, sizeof tcp)) return DROP(MALFORMED);
  struct ginnel_flow* flow = bpf_map_lookup_elem(&flows, &d->key);
  struct ginnel_proxy* proxy = bpf_map_lookup_elem(&proxies, &d->key);
  if (!flow) return DROP(PROXY_OUT_OF_TURN);
  if (tcp.syn) return forward_syn(skb, l4, &tcp, flow, proxy);
  if (flow->state & GINNEL_FLOW_HEADER_DONE) return NEXT; /* since the stage looked */
  const __u32 sequence = bpf_ntohl(tcp.seq);
  if (tcp.rst) {
    if (!proxy) return NEXT;
    if (sequence == proxy->first) change_word(skb, l4, SEQUENCE_AT, tcp.seq, sequence - GINNEL_PROXY_HEADER);
    bpf_map_delete_elem(&proxies, &d->key);
    return NEXT;
  }
  if (!proxy || !is_in_turn(proxy, &tcp)) return DROP(PROXY_OUT_OF_TURN);

  const __s32 ahead = sequence - proxy->first;
  if (ahead > 0) return NEXT;
  if (ahead == 0 && (tcp.fin || payload_of(skb, l4, &tcp))) {
    const __u32 since = (__u32)(bpf_ktime_get_ns() / 1000000) - proxy->sent_ms;
    if (comes_again || ((proxy->flags & GINNEL_PROXY_SENT) && since < PROXY_AGAIN_MS)) return NEXT;
    skb->mark = PROXY_MARK;
    const int failed = bpf_clone_redirect(skb, skb->ifindex, BPF_F_INGRESS);
    skb->mark = 0;
    if (failed) return DROP(PROXY_OUT_OF_TURN);
  }
  return write_header(skb, l4) ? DROP(MALFORMED) : BECAME_HEADER;
}

/* The SYN-ACK for the client's SYN: what the target begins with, and how much it takes besides the header. */
static __always_inline void note_answer(struct __sk_buff* skb, __u32 l4, const struct tcphdr* tcp,
                                        struct ginnel_proxy* proxy) {
  const __u32 answer = bpf_ntohl(tcp->seq) + 1;
  const int again = proxy->flags & GINNEL_PROXY_ANSWERED;
  if (!again || proxy->answer != answer) {
    proxy->answer_before = again ? proxy->answer : answer;
    proxy->answer = proxy->answer_next = answer;
    proxy->flags |= GINNEL_PROXY_ANSWERED;
  }
  const __u16 window = bpf_ntohs(tcp->window);
  if (window <= GINNEL_PROXY_HEADER) return;
  const __be16 less = bpf_htons(window - GINNEL_PROXY_HEADER);
  bpf_l4_csum_replace(skb, l4 + 16, tcp->window, less, sizeof less);
  bpf_skb_store_bytes(skb, l4 + 14, &less, sizeof less, 0);
}

/* Acknowledgements of less than the header become such of the client's SYN. */
static __always_inline int raise(struct __sk_buff* skb, __u32 l4, const struct tcphdr* tcp, __u32 payload,
                                 struct ginnel_proxy* proxy, __s32 ahead) {
  if (ahead < -(__s32)GINNEL_PROXY_HEADER) return NEXT; /* of another connection: the client resets it */
  if (tcp->syn) {
    if (ahead != -(__s32)GINNEL_PROXY_HEADER) return NEXT;
    note_answer(skb, l4, tcp, proxy);
  } else if (!tcp->rst && !tcp->fin && !payload) {
    return DROP(PROXY_UNACKNOWLEDGED);
  }
  change_word(skb, l4, ACKNOWLEDGEMENT_AT, tcp->ack_seq, proxy->first);
  return NEXT;
}

/* A SYN-ACK long after the handshake. If the client has sent a SYN too, the target has lost the connection: so has the
 * flow, and the client's next SYN opens another. Else it is an old one. */
static __always_inline int late_syn_ack(const struct ginnel_flow_key* key, struct ginnel_flow* flow) {
  if (flow->state & GINNEL_FLOW_SYN_AGAIN) note_in_both(key, flow, GINNEL_FLOW_RST);
  return DROP(PROXY_OUT_OF_TURN);
}

/* What the target has sent may be acknowledged. */
static __always_inline void note_sent(struct ginnel_proxy* proxy, __u32 sequence, __u32 length) {
  if (sequence == proxy->answer_before && length) proxy->answer = proxy->answer_next = sequence;
  const __u32 end = sequence + length;
  if ((__s32)(end - proxy->answer_next) > 0) proxy->answer_next = end;
}

/* From the target, the key in the scratch. */
__attribute__((noinline)) int proxy_back(struct __sk_buff* skb, __u32 l4) {
  struct tcphdr tcp;
  const struct decision* d = scratch_decision();
  if (!d || bpf_skb_load_bytes(skb, l4, &tcp, sizeof tcp)) return DROP(MALFORMED);
  struct ginnel_flow* flow = bpf_map_lookup_elem(&flows, &d->key);
  if (!flow) return NEXT;
  if (flow->state & GINNEL_FLOW_HEADER_DONE) return tcp.syn ? late_syn_ack(&d->key, flow) : NEXT;
  const struct ginnel_flow_key opener = ginnel_flow_partner(&d->key, flow);
  struct ginnel_proxy* proxy = bpf_map_lookup_elem(&proxies, &opener);
  if (!proxy) return NEXT;

  if (tcp.ack) {
    const __u32 payload = payload_of(skb, l4, &tcp);
    const __s32 ahead = bpf_ntohl(tcp.ack_seq) - proxy->first;
    const __u32 flags = proxy->flags, both = GINNEL_PROXY_ANSWERED | GINNEL_PROXY_SENT;
    if (!tcp.syn && (flags & GINNEL_PROXY_ANSWERED)) note_sent(proxy, bpf_ntohl(tcp.seq), payload + tcp.fin);
    if (ahead < 0) {
      const int answer = raise(skb, l4, &tcp, payload, proxy, ahead);
      if (answer != NEXT) return answer;
    } else if (!tcp.syn && !tcp.rst && (flags & both) == both && ahead < PROXY_MOST_AHEAD) {
      note_in_both(&d->key, flow, GINNEL_FLOW_HEADER_DONE);
      bpf_map_delete_elem(&proxies, &opener);
    }
    if (!tcp.syn) blank_options(skb, l4, tcp.doff * 4u - sizeof tcp, 0);
  }
  if (tcp.rst) bpf_map_delete_elem(&proxies, &opener);
  return NEXT;
}

static __always_inline int stage_proxy(struct __sk_buff* skb, struct packet* p) {
  const struct ginnel_flow* flow = p->flow;
  const __u32 comes_again = skb->mark == PROXY_MARK;
  if (!(flow->flags & GINNEL_FLOW_PROXY)) return NEXT;
  if ((flow->state & GINNEL_FLOW_HEADER_DONE) && !(p->tcp_flags & TCP_SYN)) return NEXT;
  struct decision* d = scratch_decision();
  if (!d) return DROP(PROXY_OUT_OF_TURN);
  d->key = p->key;
  if (flow->flags & GINNEL_FLOW_REVERSE) return proxy_back(skb, p->l4);
  if (comes_again) skb->mark = 0;
  const int answer = proxy_forward(skb, p->l4, comes_again);
  if (answer != BECAME_HEADER) return answer;
  p->tcp_flags = TCP_PSH | TCP_ACK;
  return NEXT;
}

#endif
