/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* The daemon's way to end flows: a program that it runs, so that nothing comes between taking an entry out and counting
 * what it held (abi/count.h). */
#ifndef GINNEL_BPF_END_H
#define GINNEL_BPF_END_H

#include "bpf/count.h"

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, GINNEL_END_KEYS);
  __type(key, __u32);
  __type(value, struct ginnel_end_key);
} end_scratch SEC(".maps");

struct ending {
  __u32 flags, now_s, ended;
};

/* One key: both entries of its flow are to be ended by the next packet. */
static __always_inline void mark_flow(struct ending* request, struct count_scratch* s) {
  struct ginnel_flow* flow = bpf_map_lookup_elem(&flows, &s->key);
  if (!flow) return;
  s->key = ginnel_flow_partner(&s->key, flow);
  __u32 unmarked = ~__sync_fetch_and_or(&flow->state, GINNEL_FLOW_CUT);
  flow = bpf_map_lookup_elem(&flows, &s->key);
  if (flow) unmarked |= ~__sync_fetch_and_or(&flow->state, GINNEL_FLOW_CUT);
  if (unmarked & GINNEL_FLOW_CUT) request->ended += 1;
}

/* One key: both entries of its flow, if they are idle now; they may have woken up since the daemon saw them. */
static int end_flow(__u32 index, void* context) {
  struct ending* request = context;
  const struct ginnel_end_key* at = bpf_map_lookup_elem(&end_scratch, &index);
  struct count_scratch* s = scratch_count(COUNT_OF_CALLS);
  if (!at || !s) return 1;
  s->key = at->key;
  if (request->flags & GINNEL_END_MARK) {
    mark_flow(request, s);
    return 0;
  }
  const struct ginnel_flow* flow = bpf_map_lookup_elem(&flows, &s->key);
  if (!flow) return 0;
  const struct ginnel_flow_key partner = ginnel_flow_partner(&s->key, flow);
  if (request->flags & GINNEL_END_IDLE) {
    if (!is_idle_at(flow, s->key.protocol, request->now_s)) return 0;
    const struct ginnel_flow* other = bpf_map_lookup_elem(&flows, &partner);
    if (other && !is_idle_at(other, partner.protocol, request->now_s)) return 0;
  }
  request->ended += end_entry(COUNT_OF_CALLS);
  s->key = partner;
  request->ended += end_entry(COUNT_OF_CALLS);
  return 0;
}

SEC("syscall")
int ginnel_end(struct ginnel_end_request* request) {
  struct ending ending = {.flags = request->flags, .now_s = request->now_s};
  const __u32 count = request->count;
  bpf_loop(count < GINNEL_END_KEYS ? count : GINNEL_END_KEYS, end_flow, &ending, 0);
  request->ended = ending.ended;
  return 0;
}

#endif
