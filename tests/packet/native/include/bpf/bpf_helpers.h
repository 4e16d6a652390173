/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* In place of libbpf's header of this name: the same words for a program that runs in the test itself. */
#ifndef GINNEL_NATIVE_BPF_HELPERS_H
#define GINNEL_NATIVE_BPF_HELPERS_H

#include <linux/bpf.h>
#include <stddef.h>

#include "native.h"

#define SEC(name) __attribute__((used))
#define __uint(name, value) int(*name)[value]
#define __type(name, value) __typeof__(value)* name
#define __array(name, value) __typeof__(value)* name[]
#undef __always_inline
#define __always_inline inline __attribute__((always_inline))
#ifndef __noinline
#define __noinline __attribute__((noinline))
#endif
#ifndef __weak
#define __weak __attribute__((weak))
#endif

#define bpf_map_lookup_elem(map, key) native_lookup(map, key)
#define bpf_map_update_elem(map, key, value, flags) native_update(map, key, value, flags)
#define bpf_map_delete_elem(map, key) native_delete(map, key)

#define bpf_skb_load_bytes(skb, offset, to, length) native_load_bytes(skb, offset, to, length)
#define bpf_skb_store_bytes(skb, offset, from, length, flags) native_store_bytes(skb, offset, from, length, flags)
#define bpf_skb_pull_data(skb, length) native_pull(skb, length)
#define bpf_skb_change_tail(skb, length, flags) native_change_tail(skb, length, flags)
#define bpf_skb_adjust_room(skb, difference, mode, flags) native_adjust_room(skb, difference, mode, flags)
#define bpf_skb_change_proto(skb, protocol, flags) native_change_proto(skb, protocol, flags)
#define bpf_skb_change_type(skb, type) native_change_type(skb, type)
#define bpf_l3_csum_replace(skb, offset, from, to, flags) native_l3_replace(skb, offset, from, to, flags)
#define bpf_l4_csum_replace(skb, offset, from, to, flags) native_l4_replace(skb, offset, from, to, flags)
#define bpf_csum_diff(from, from_size, to, to_size, seed) native_csum_diff(from, from_size, to, to_size, seed)
#define bpf_csum_update(skb, sum) native_csum_update(skb, sum)

#define bpf_redirect(ifindex, flags) native_redirect(ifindex, flags)
#define bpf_redirect_peer(ifindex, flags) native_redirect_peer(ifindex, flags)
#define bpf_clone_redirect(skb, ifindex, flags) native_clone_redirect(skb, ifindex, flags)

#define bpf_loop(count, function, context, flags) native_loop(count, function, context, flags)
#define bpf_ktime_get_ns() native_ktime(1)
#define bpf_ktime_get_coarse_ns() native_ktime(0)
#define bpf_get_prandom_u32() native_random()
#define bpf_get_smp_processor_id() 0u

#endif
