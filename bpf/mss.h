/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* TCP's maximum segment size through links is held to what the MTU carries, whatever the ends believe of the path. */
#ifndef GINNEL_BPF_MSS_H
#define GINNEL_BPF_MSS_H

#include "bpf/packet.h"
#include "bpf/tcp_options.h"

static __always_inline void lower_mss(struct __sk_buff* skb, __u32 l4, __u32 at, __u32 most) {
  __be16 old, new = bpf_htons(most);
  if (bpf_skb_load_bytes(skb, at, &old, sizeof old) || bpf_ntohs(old) <= most) return;
  bpf_skb_store_bytes(skb, at, &new, sizeof new, 0);
  const int odd = (at - l4) & 1; /* the two bytes then belong to two words of the sum */
  __u16 from = odd ? __builtin_bswap16(old) : old, to = odd ? __builtin_bswap16(new) : new;
  bpf_l4_csum_replace(skb, l4 + 16, from, to, 2);
}

/* Of a SYN. Invalidates packet pointers. */
__attribute__((noinline)) int clamp_mss(struct __sk_buff* skb, __u32 l4, __u32 most) {
  __u8 offset;
  if (bpf_skb_load_bytes(skb, l4 + 12, &offset, 1)) return 0;
  __u32 at = l4 + sizeof(struct tcphdr);
  const __u32 end = l4 + (offset >> 4) * 4;
  for (int i = 0; i < 40; i++) {
    __u8 option[2] = {};
    if (at >= end || bpf_skb_load_bytes(skb, at, option, 1) || option[0] == OPTION_END) return 0;
    if (option[0] == OPTION_NOP) {
      at++;
      continue;
    }
    if (at + 2 > end || bpf_skb_load_bytes(skb, at, option, 2) || option[1] < 2) return 0;
    if (option[0] == OPTION_MSS && option[1] == 4 && at + 4 <= end) {
      lower_mss(skb, l4, at + 2, most);
      return 0;
    }
    at += option[1];
  }
  return 0;
}

#endif
