/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* Stage: keep what was decided as the two entries of a flow. For a link, putting in the reverse entry is what allocates
 * the translated source port: nobody else keeps account of ports. */
#ifndef GINNEL_BPF_TRACK_H
#define GINNEL_BPF_TRACK_H

#include "bpf/count.h"
#include "bpf/hash.h"
#include "bpf/packet.h"

#define EEXIST 17
#define BUSY 1

static __always_inline int same_key(const struct ginnel_flow_key* a, const struct ginnel_flow_key* b) {
  return a->source_port == b->source_port && a->destination_port == b->destination_port && a->scope == b->scope &&
         same_address(&a->source, &b->source) && same_address(&a->destination, &b->destination);
}

static __always_inline int is_idle(const struct ginnel_flow* flow, __u8 protocol, __u32 now) {
  return now - flow->last_seen_s >= ginnel_flow_idle_limit_s(protocol, flow);
}

/* May the port that `old` holds be given to the new opener? Another's port only after it rested: its last peer
 * may hold the connection in TIME_WAIT and would refuse a SYN with an older time stamp (PAWS). */
static __always_inline int take_over(struct decision* d, struct ginnel_flow* old) {
  struct ginnel_flow_key opener = ginnel_flow_partner(&d->reverse_key, old);
  if (same_key(&opener, &d->key)) return 1;

  const __u32 now = now_s(), seen = old->last_seen_s;
  if (!is_idle(old, d->key.protocol, now)) return 0;
  struct ginnel_flow* forward = bpf_map_lookup_elem(&flows, &opener);
  const int points_back = forward && forward->source_port == d->reverse_key.destination_port &&
                          same_address(&forward->source, &d->reverse_key.destination);
  if (points_back && !is_idle(forward, d->key.protocol, now)) return 0;
  if (__sync_val_compare_and_swap(&old->last_seen_s, seen, now) != seen) return 0; /* another CPU was first */
  if (points_back) end_entry_of(&opener);
  return 1;
}

/* 0, BUSY, or the negated reason of a drop. `port` in network order. */
__attribute__((noinline)) int take_port(__u32 port) {
  struct decision* d = scratch_decision();
  if (!d) return DROP(NO_SOURCE_PORT);
  d->forward.source_port = d->reverse_key.destination_port = port;
  /* An int: Linux 6.1 leaves the upper half of a map operation's result undefined. */
  int error = bpf_map_update_elem(&flows, &d->reverse_key, &d->reverse, BPF_NOEXIST);
  if (!error) return 0;
  if (error != -EEXIST) return DROP(FLOW_TABLE_FULL);
  struct ginnel_flow* old = bpf_map_lookup_elem(&flows, &d->reverse_key);
  if (!old || !take_over(d, old)) return BUSY;
  end_entry_of(&d->reverse_key);
  error = bpf_map_update_elem(&flows, &d->reverse_key, &d->reverse, BPF_NOEXIST);
  return !error ? 0 : error == -EEXIST ? BUSY : DROP(FLOW_TABLE_FULL);
}

/* Clients take their ports in order, so neighbours of a taken one are taken too: a scan strides, by the golden section
 * of 55,000, which has no divisor in common with the length of either range and so comes to every port. */
#define SCAN_STRIDE 33991u

/* Looks at one port of the range; ends the scan (1) when it is settled one way or the other. A port that is in use, as
 * most are, costs no more than looking it up. */
static int scan_port(__u32 index, void* context) {
  int* result = context;
  struct decision* d = scratch_decision();
  if (!d || !d->port_count) return 1;
  const __u32 port = bpf_htons(d->first_port + (d->place + index * SCAN_STRIDE) % d->port_count);
  d->reverse_key.destination_port = port;
  const struct ginnel_flow* old = bpf_map_lookup_elem(&flows, &d->reverse_key);
  if (old && !is_idle(old, d->key.protocol, d->forward.last_seen_s)) return 0;
  *result = take_port(port);
  return *result != BUSY;
}

/* Every port of a node towards a target. One that found none is not repeated for a second. */
static __always_inline int scan_ports(struct decision* d, __u32 hash) {
  d->reverse_key.destination_port = 0;
  const __u64* last = bpf_map_lookup_elem(&exhausted, &d->reverse_key);
  const __u64 now = bpf_ktime_get_coarse_ns();
  if (last && now - *last < 1000000000ull) return BUSY;
  int result = BUSY;
  d->place = hash % d->port_count;
  bpf_loop(d->port_count, scan_port, &result, 0);
  if (result != BUSY) return result;
  d->reverse_key.destination_port = 0;
  bpf_map_update_elem(&exhausted, &d->reverse_key, &now, BPF_ANY);
  return BUSY;
}

static __always_inline int in_port_range(const struct decision* d, __u32 port) {
  return !d->scan || bpf_ntohs(port) - d->first_port < d->port_count;
}

/* First `port`, which the opener has or had: the same client then meets the same connection at the target. */
static __always_inline int find_port(struct decision* d, __u32 port) {
  if (!d->port_count) return take_port(d->key.source_port);
  int result = in_port_range(d, port) ? take_port(port) : BUSY;
  if (result != BUSY) return result;
  const __u32 hash = hash_words(&d->key, sizeof d->key);
  for (__u32 i = 1; i < GINNEL_PORT_PROBES; i++) {
    result = take_port(bpf_htons(d->first_port + ((hash + i * 2654435761u) >> 8) % d->port_count));
    if (result != BUSY) return result;
  }
  return d->scan ? scan_ports(d, hash) : BUSY;
}

static __always_inline int choose_port(struct decision* d, __u32 port) {
  const int result = find_port(d, port);
  if (result != BUSY) return result;
  __u64 one = 1, *errors = bpf_map_lookup_elem(&port_errors, &d->balancer);
  if (errors) {
    __sync_fetch_and_add(errors, 1);
  } else if (d->balancer) {
    bpf_map_update_elem(&port_errors, &d->balancer, &one, BPF_ANY);
  }
  return DROP(NO_SOURCE_PORT);
}

/* A closed flow that is opened again may lead elsewhere now: its former way back would be left over. */
static __always_inline void remove_former(const struct decision* d) {
  const struct ginnel_flow* known = bpf_map_lookup_elem(&flows, &d->key);
  if (!known) return;
  struct ginnel_flow_key former = ginnel_flow_partner(&d->key, known);
  if (same_key(&former, &d->reverse_key)) return;
  const struct ginnel_flow* flow = bpf_map_lookup_elem(&flows, &former);
  if (!flow) return;
  struct ginnel_flow_key opener = ginnel_flow_partner(&former, flow);
  if (same_key(&opener, &d->key)) end_entry_of(&former);
}

/* In the place of a former one, if need be. */
static __always_inline int put_forward(const struct decision* d) {
  int error = bpf_map_update_elem(&flows, &d->key, &d->forward, BPF_NOEXIST);
  if (error != -EEXIST) return error;
  end_entry_of(&d->key);
  error = bpf_map_update_elem(&flows, &d->key, &d->forward, BPF_NOEXIST);
  return error;
}

/* Whether the two entries of a flow that is over lead where the new one is to lead; then its port is taken. */
static __always_inline struct ginnel_flow* find_way_back(struct decision* d, const struct ginnel_flow* known) {
  const struct ginnel_flow* forward = &d->forward;
  if ((known->flags & GINNEL_FLOW_REVERSE) || !ginnel_flow_closed(known->state)) return NULL;
  if (known->link != forward->link || known->balancer != forward->balancer) return NULL;
  if (known->iif != forward->iif || known->oif != forward->oif) return NULL;
  const __be16 port = known->source_port;
  if (d->port_count ? !in_port_range(d, port) : port != d->key.source_port) return NULL;
  d->forward.source_port = d->reverse_key.destination_port = port;
  struct ginnel_flow_key former = ginnel_flow_partner(&d->key, known);
  if (!same_key(&former, &d->reverse_key)) return NULL;
  struct ginnel_flow* back = bpf_map_lookup_elem(&flows, &d->reverse_key);
  if (!back || !(back->flags & GINNEL_FLOW_REVERSE) || back->iif != forward->oif || back->oif != forward->iif)
    return NULL;
  struct ginnel_flow_key opener = ginnel_flow_partner(&d->reverse_key, back);
  return same_key(&opener, &d->key) ? back : NULL;
}

/* A client comes to its ports again and again, and mostly to the same target: then each entry is replaced at once,
 * which takes a microsecond less than ending both and beginning two. 1 if that was done. */
static __always_inline int renew_flow(struct decision* d, struct ginnel_flow* known) {
  struct ginnel_flow* back = find_way_back(d, known);
  if (!back) return 0;
  const struct passed forward = take_passed(known), reverse = take_passed(back);
  const int renewed = !bpf_map_update_elem(&flows, &d->reverse_key, &d->reverse, BPF_EXIST) &&
                      !bpf_map_update_elem(&flows, &d->key, &d->forward, BPF_EXIST);
  count_former(d, &forward, &reverse, renewed);
  return renewed;
}

/* Both entries, the reverse one first: an answer may overtake. */
__attribute__((noinline)) int track(void) {
  struct decision* d = scratch_decision();
  if (!d) return DROP(FLOW_TABLE_FULL);
  d->reverse.iif = d->forward.oif;
  struct ginnel_flow* known = bpf_map_lookup_elem(&flows, &d->key);
  if (known && renew_flow(d, known)) return 0;
  const int had_former = known != NULL;
  const __u32 first_port = known ? known->source_port : d->key.source_port;
  const __u32 opener = d->forward.iif;
  int result = reserve_flow(opener, d->flow_limit);
  if (result) return result;
  result = choose_port(d, first_port);
  if (!result) {
    if (had_former) remove_former(d);
    if (!put_forward(d)) {
      count_new_flow();
      return 0;
    }
    end_entry_of(&d->reverse_key);
    result = DROP(FLOW_TABLE_FULL);
  }
  release_flow(opener);
  return result;
}

static __always_inline int stage_track(struct packet* p) {
  int result = track();
  if (result) return result;
  p->flow = bpf_map_lookup_elem(&flows, &p->key);
  return p->flow ? NEXT : DROP(FLOW_TABLE_FULL);
}

/* After stage_track there is a flow, which the verifier of Linux 6.1 does not see, and the compiler does. */
static __always_inline int check_flow(struct packet* p) {
  struct ginnel_flow* flow = p->flow;
  asm volatile("" : "+r"(flow));
  p->flow = flow;
  return flow ? NEXT : DROP(FLOW_TABLE_FULL);
}

#endif
