/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* The helpers of the kernel that the packet program calls, for the program built for the machine itself. Each does what
 * bpf-helpers(7) and net/core/filter.c say, and answers the same numbers. One thread at a time. */
#ifndef GINNEL_NATIVE_H
#define GINNEL_NATIVE_H

#include <linux/bpf.h>
#include <linux/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A map is named by the address of its definition in the program, or by what a map of maps gave. */
void* native_lookup(const void* map, const void* key);
long native_update(const void* map, const void* key, const void* value, __u64 flags);
long native_delete(const void* map, const void* key);

void* native_data(const struct __sk_buff* skb);
void* native_data_end(const struct __sk_buff* skb);
long native_load_bytes(const struct __sk_buff* skb, __u32 offset, void* to, __u32 length);
long native_store_bytes(struct __sk_buff* skb, __u32 offset, const void* from, __u32 length, __u64 flags);
long native_pull(struct __sk_buff* skb, __u32 length);
long native_change_tail(struct __sk_buff* skb, __u32 length, __u64 flags);
long native_adjust_room(struct __sk_buff* skb, __s32 difference, __u32 mode, __u64 flags);
long native_change_proto(struct __sk_buff* skb, __be16 protocol, __u64 flags);
long native_change_type(struct __sk_buff* skb, __u32 type);
long native_l3_replace(struct __sk_buff* skb, __u32 offset, __u64 from, __u64 to, __u64 flags);
long native_l4_replace(struct __sk_buff* skb, __u32 offset, __u64 from, __u64 to, __u64 flags);
__s64 native_csum_diff(const __be32* from, __u32 from_size, const __be32* to, __u32 to_size, __u32 seed);
__s64 native_csum_update(struct __sk_buff* skb, __u32 sum);

long native_redirect(__u32 ifindex, __u64 flags);
long native_redirect_peer(__u32 ifindex, __u64 flags);
/* Sends a copy out of the device for real; with BPF_F_INGRESS it is lost, as in the kernel's test run. */
long native_clone_redirect(struct __sk_buff* skb, __u32 ifindex, __u64 flags);

long native_loop(__u32 count, void* function, void* context, __u64 flags);
__u64 native_ktime(int exact);
__u32 native_random(void);

#ifdef __cplusplus
}
#endif

#endif
