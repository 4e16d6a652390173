/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* Where a packet's directly readable bytes begin and end. The one thing that is not C: the tests' build for the machine
 * itself has a header of this name of its own (tests/packet/native). */
#ifndef GINNEL_BPF_PACKET_POINTERS_H
#define GINNEL_BPF_PACKET_POINTERS_H

#include <stddef.h>

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

/* Read afresh each time: the compiler would keep a copy in a 32-bit register, which the kernel's verifier does not take
 * for a pointer. */
static __always_inline void* data(const struct __sk_buff* skb) {
  void* pointer;
  asm volatile("%0 = *(u32 *)(%1 + %2)" : "=r"(pointer) : "r"(skb), "i"(offsetof(struct __sk_buff, data)));
  return pointer;
}

static __always_inline void* data_end(const struct __sk_buff* skb) {
  void* pointer;
  asm volatile("%0 = *(u32 *)(%1 + %2)" : "=r"(pointer) : "r"(skb), "i"(offsetof(struct __sk_buff, data_end)));
  return pointer;
}

#endif
