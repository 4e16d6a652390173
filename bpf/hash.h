/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* A hash of a flow's key, for choices that are the same each time: of a target, and of a source port. */
#ifndef GINNEL_BPF_HASH_H
#define GINNEL_BPF_HASH_H

#include <linux/types.h>

static __always_inline __u32 hash_words(const void* words, __u32 bytes) {
  const __u32* word = words;
  __u32 hash = 0;
  for (unsigned i = 0; i < bytes / sizeof *word; i++) {
    hash = (hash ^ word[i]) * 0x9e3779b1u;
    hash ^= hash >> 15;
  }
  return hash;
}

/* Another hash of the same key: the finalizer of MurmurHash3. */
static __always_inline __u32 hash_again(__u32 hash) {
  hash = (hash ^ hash >> 16) * 0x85ebca6bu;
  hash = (hash ^ hash >> 13) * 0xc2b2ae35u;
  return hash ^ hash >> 16;
}

#endif
