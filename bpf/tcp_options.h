/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* Options of a TCP header that must not pass: overwritten with NOPs, so that no length changes. */
#ifndef GINNEL_BPF_TCP_OPTIONS_H
#define GINNEL_BPF_TCP_OPTIONS_H

#include "bpf/packet.h"

#define OPTION_END 0
#define OPTION_NOP 1
#define OPTION_MSS 2
#define OPTION_SACK 5
#define OPTION_FAST_OPEN 34     /* RFC 7413 */
#define OPTION_EXPERIMENT_1 253 /* RFC 6994; Fast Open before it had its number */
#define OPTION_EXPERIMENT_2 254

/* The walk through the options of one header. Not on the stack: Linux 6.1 takes it that bpf_loop calls once, so that
 * what it knows of the stack before is true in every call, and leaves out the branches that could not be taken then. */
struct blanking {
  __u8 options[TCP_MOST_OPTIONS + 4]; /* and some zeroes */
  __u32 length;
  __u32 syn;
  __u32 left; /* of the option that is being passed */
  __u32 blank, changed;
};

GINNEL_SCRATCH(blank_scratch, struct blanking, scratch_blanking)

static __always_inline int is_blanked(__u8 kind, __u32 syn) {
  if (!syn) return kind == OPTION_SACK;
  return kind == OPTION_FAST_OPEN || kind == OPTION_EXPERIMENT_1 || kind == OPTION_EXPERIMENT_2;
}

static int pass_byte(__u32 index, void* context) {
  (void)context;
  struct blanking* walk = scratch_blanking();
  if (!walk || index >= TCP_MOST_OPTIONS || index >= walk->length) return 1;
  const __u8 kind = walk->options[index];
  if (walk->left) {
    walk->left--;
  } else {
    const __u8 length = walk->options[index + 1];
    walk->blank = 0;
    if (kind == OPTION_END) return 1;
    if (kind == OPTION_NOP) return 0;
    if (length < 2) return 1;
    walk->left = length - 1;
    walk->blank = is_blanked(kind, walk->syn);
    walk->changed |= walk->blank;
  }
  if (walk->blank) walk->options[index] = OPTION_NOP;
  return 0;
}

/* Of a SYN what asks for Fast Open, of others the SACK blocks. Invalidates packet pointers. */
__attribute__((noinline)) int blank_options(struct __sk_buff* skb, __u32 l4, __u32 length, __u32 syn) {
  struct blanking* walk = scratch_blanking();
  length &= 0x3c;
  if (!walk || !in_range(&length, 4, TCP_MOST_OPTIONS)) return 0;
  __builtin_memset(walk, 0, sizeof *walk);
  const __u32 at = l4 + sizeof(struct tcphdr);
  if (bpf_skb_load_bytes(skb, at, walk->options, length)) return DROP(MALFORMED);
  walk->length = length;
  walk->syn = syn;
  const __u32 before = bpf_csum_diff(0, 0, (__be32*)walk->options, TCP_MOST_OPTIONS, 0);
  bpf_loop(TCP_MOST_OPTIONS, pass_byte, NULL, 0);
  if (!walk->changed) return 0;
  const __u32 after = bpf_csum_diff(0, 0, (__be32*)walk->options, TCP_MOST_OPTIONS, 0);
  bpf_skb_store_bytes(skb, at, walk->options, length, 0);
  bpf_l4_csum_replace(skb, l4 + 16, 0, csum_fold32(csum_change(before, after)), 0);
  return 0;
}

#endif
