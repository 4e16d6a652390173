/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* What is counted beside the flows' own entries (abi/count.h): when a flow begins, when an entry goes, at a reset and
 * at a drop. Nothing of it is on the way of a known flow's packets. */
#ifndef GINNEL_BPF_COUNT_H
#define GINNEL_BPF_COUNT_H

#include "bpf/packet.h"

GINNEL_HASH(port_counts, __u32, struct ginnel_port_count, GINNEL_MAX_PORTS);
GINNEL_HASH(link_counts, struct ginnel_link_count_key, struct ginnel_link_count, GINNEL_MAX_LINKS);
GINNEL_HASH(port_drops, __u32, struct ginnel_drop_count, GINNEL_MAX_PORTS);
GINNEL_HASH(link_drops, struct ginnel_link_count_key, struct ginnel_drop_count, GINNEL_MAX_LINKS);

struct count_scratch {
  /* Of the entry that ends. */
  struct ginnel_flow_key key;
  struct ginnel_flow flow;
  struct ginnel_link_count_key link; /* at hand */
  /* Of the packet that is dropped. */
  __u32 port;                           /* where it came in; 0: no port */
  struct ginnel_link_count_key dropped; /* its link; of number 0: none */

  struct ginnel_drop_count none; /* always zero: what a new row of any map begins with */
};

/* One for packets, one for the system call that ends flows, which packets may interrupt. */
#define COUNT_OF_PACKETS 0u
#define COUNT_OF_CALLS 1u
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 2);
  __type(key, __u32);
  __type(value, struct count_scratch);
} count_scratch SEC(".maps");

static __always_inline struct count_scratch* scratch_count(__u32 whose) {
  return bpf_map_lookup_elem(&count_scratch, &whose);
}

static __always_inline struct ginnel_port_count* make_port_count(const struct count_scratch* s, __u32 ifindex) {
  struct ginnel_port_count* count = bpf_map_lookup_elem(&port_counts, &ifindex);
  if (count) return count;
  bpf_map_update_elem(&port_counts, &ifindex, &s->none, BPF_NOEXIST);
  return bpf_map_lookup_elem(&port_counts, &ifindex);
}

static __always_inline struct ginnel_link_count* make_link_count(const struct count_scratch* s) {
  struct ginnel_link_count* count = bpf_map_lookup_elem(&link_counts, &s->link);
  if (count) return count;
  bpf_map_update_elem(&link_counts, &s->link, &s->none, BPF_NOEXIST);
  return bpf_map_lookup_elem(&link_counts, &s->link);
}

/* Room for one more flow that the port opens, of which it may have `limit`: NEXT, or the negated reason of a drop. */
static __always_inline int reserve_flow(__u32 ifindex, __u32 limit) {
  const struct count_scratch* s = scratch_count(COUNT_OF_PACKETS);
  struct ginnel_port_count* count = s ? make_port_count(s, ifindex) : NULL;
  if (!count) return DROP(FLOW_TABLE_FULL);
  const __u64 before = __sync_fetch_and_add(&count->tracked, 1);
  if (!limit || before < limit) return NEXT;
  __sync_fetch_and_add(&count->tracked, -1);
  return DROP(PORT_FLOW_LIMIT);
}

static __always_inline void release_flow(__u32 ifindex) {
  struct ginnel_port_count* count = bpf_map_lookup_elem(&port_counts, &ifindex);
  if (count) __sync_fetch_and_add(&count->tracked, -1);
}

/* A flow whose entries stand; the room for it is counted already. */
__attribute__((noinline)) int count_new_flow(void) {
  const struct decision* d = scratch_decision();
  struct count_scratch* s = scratch_count(COUNT_OF_PACKETS);
  if (!d || !s) return 0;
  struct ginnel_port_count* from = make_port_count(s, d->forward.iif);
  if (from) __sync_fetch_and_add(&from->opened, 1);
  struct ginnel_port_count* to = make_port_count(s, d->forward.oif);
  if (to) __sync_fetch_and_add(&to->accepted, 1);
  s->link = ginnel_link_of(&d->key, &d->forward);
  struct ginnel_link_count* link = s->link.link ? make_link_count(s) : NULL;
  if (link) __sync_fetch_and_add(&link->opened, 1);
  return 0;
}

struct passed {
  __u64 packets, bytes;
};

/* Takes out of an entry that goes what it holds. A packet that is at work on another processor may add to it before or
 * after: it sees the bit then, and takes what it was too late with. */
static __always_inline struct passed take_passed(struct ginnel_flow* held) {
  __sync_fetch_and_or(&held->state, GINNEL_FLOW_ENDED);
  const struct passed out = {__sync_lock_test_and_set(&held->packets, 0), __sync_lock_test_and_set(&held->bytes, 0)};
  return out;
}

/* Adds what passed to the totals of a port: what it sent, what it received, or both. Its row, if it has one. */
static __always_inline struct ginnel_port_count* add_to_port(__u32 ifindex, const struct passed* sent,
                                                             const struct passed* received) {
  struct ginnel_port_count* port = bpf_map_lookup_elem(&port_counts, &ifindex);
  if (port && sent) {
    __sync_fetch_and_add(&port->sent_packets, sent->packets);
    __sync_fetch_and_add(&port->sent_bytes, sent->bytes);
  }
  if (port && received) {
    __sync_fetch_and_add(&port->received_packets, received->packets);
    __sync_fetch_and_add(&port->received_bytes, received->bytes);
  }
  return port;
}

/* Likewise of the scratch's link. */
static __always_inline struct ginnel_link_count* add_to_link(const struct count_scratch* s,
                                                             const struct passed* forward,
                                                             const struct passed* reverse) {
  struct ginnel_link_count* link = s->link.link ? bpf_map_lookup_elem(&link_counts, &s->link) : NULL;
  if (link && forward) {
    __sync_fetch_and_add(&link->forward_packets, forward->packets);
    __sync_fetch_and_add(&link->forward_bytes, forward->bytes);
  }
  if (link && reverse) {
    __sync_fetch_and_add(&link->reverse_packets, reverse->packets);
    __sync_fetch_and_add(&link->reverse_bytes, reverse->bytes);
  }
  return link;
}

/* What the two entries of the flow in the decision held before it began anew; and that it did, if `opened`. */
static __always_inline void count_former(const struct decision* d, const struct passed* forward,
                                         const struct passed* reverse, int opened) {
  struct count_scratch* s = scratch_count(COUNT_OF_PACKETS);
  if (!s) return;
  struct ginnel_port_count* from = add_to_port(d->forward.iif, forward, reverse);
  if (from) __sync_fetch_and_add(&from->opened, opened);
  struct ginnel_port_count* to = add_to_port(d->forward.oif, reverse, forward);
  if (to) __sync_fetch_and_add(&to->accepted, opened);
  s->link = ginnel_link_of(&d->key, &d->forward);
  struct ginnel_link_count* link = add_to_link(s, forward, reverse);
  if (link) __sync_fetch_and_add(&link->opened, opened);
}

/* Moves what the entry of the scratch's key holds to the totals. */
static __always_inline void count_held(struct count_scratch* s, struct ginnel_flow* held) {
  s->flow = *held;
  const struct passed passed = take_passed(held);
  add_to_port(s->flow.iif, &passed, NULL);
  add_to_port(s->flow.oif, NULL, &passed);
  s->link = ginnel_link_of(&s->key, &s->flow);
  const int reverse = s->flow.flags & GINNEL_FLOW_REVERSE;
  if (reverse) {
    add_to_link(s, NULL, &passed);
  } else {
    add_to_link(s, &passed, NULL);
  }
}

/* A packet of that key was counted in an entry whose numbers were being taken. */
static __noinline int count_late(const struct ginnel_flow_key* key, struct ginnel_flow* flow) {
  struct count_scratch* s = scratch_count(COUNT_OF_PACKETS);
  if (!s) return NEXT;
  s->key = *key;
  count_held(s, flow);
  return NEXT;
}

/* Takes the entry of the scratch's key out of the table, and counts what it holds. 1 if there was one. */
__attribute__((noinline)) int end_entry(__u32 whose) {
  struct count_scratch* s = scratch_count(whose);
  struct ginnel_flow* flow = s ? bpf_map_lookup_elem(&flows, &s->key) : NULL;
  if (!flow) return 0;
  count_held(s, flow);
  /* An int: Linux 6.1 leaves the upper half of a map operation's result undefined. */
  const int error = bpf_map_delete_elem(&flows, &s->key);
  if (error) return 0;
  if (!(s->flow.flags & GINNEL_FLOW_REVERSE)) release_flow(s->flow.iif);
  return 1;
}

/* Likewise of any key, for the packet at hand. */
static __always_inline void end_entry_of(const struct ginnel_flow_key* key) {
  struct count_scratch* s = scratch_count(COUNT_OF_PACKETS);
  if (!s) return;
  s->key = *key;
  end_entry(COUNT_OF_PACKETS);
}

/* A reset of the program's own goes out to that port, of the flow or link of the packet that note_whose() knows. */
__attribute__((noinline)) int count_own_reset(__u32 oif, __u32 reverse) {
  struct count_scratch* s = scratch_count(COUNT_OF_PACKETS);
  if (!s) return 0;
  struct ginnel_port_count* to = make_port_count(s, oif);
  if (to) __sync_fetch_and_add(&to->received_resets, 1);
  s->link = s->dropped;
  struct ginnel_link_count* link = s->link.link ? make_link_count(s) : NULL;
  if (link) __sync_fetch_and_add(reverse ? &link->reverse_resets : &link->forward_resets, 1);
  return 0;
}

/* A TCP segment with RST passes; its link in the scratch. */
__attribute__((noinline)) int count_reset(__u32 iif, __u32 oif, __u32 reverse) {
  const struct count_scratch* s = scratch_count(COUNT_OF_PACKETS);
  if (!s) return 0;
  struct ginnel_port_count* from = bpf_map_lookup_elem(&port_counts, &iif);
  if (from) __sync_fetch_and_add(&from->sent_resets, 1);
  struct ginnel_port_count* to = bpf_map_lookup_elem(&port_counts, &oif);
  if (to) __sync_fetch_and_add(&to->received_resets, 1);
  struct ginnel_link_count* link = s->link.link ? bpf_map_lookup_elem(&link_counts, &s->link) : NULL;
  if (link) __sync_fetch_and_add(reverse ? &link->reverse_resets : &link->forward_resets, 1);
  return 0;
}

/* Whose the packet is, for count_drop(): that of its flow, or of the link that it would open one through. */
static __always_inline void note_whose(const struct __sk_buff* skb, const struct packet* p,
                                       const struct ginnel_flow* flow) {
  struct count_scratch* s = scratch_count(COUNT_OF_PACKETS);
  if (!s) return;
  s->port = p->port ? skb->ifindex : 0;
  if (flow) {
    s->dropped = ginnel_link_of(&p->key, flow);
  } else {
    const struct ginnel_link* link = p->link;
    const int counted = link && !(link->flags & GINNEL_LINK_PROBE);
    s->dropped.vpc = p->key.scope;
    s->dropped.link = counted ? link->number : 0;
    s->dropped.balancer = counted ? link->balancer : 0;
    s->dropped.address = p->key.destination;
  }
}

/* The bound is computed last, where the kernel's verifier sees it. */
static __always_inline void add_drop(struct ginnel_drop_count* count, __u32 reason) {
  asm volatile("" : "+r"(reason));
  __sync_fetch_and_add(&count->packets[reason % GINNEL_DROP_SLOTS], 1);
}

/* A packet that note_whose() knows. */
__attribute__((noinline)) int count_drop(__u32 reason) {
  __u64* all = bpf_map_lookup_elem(&drops, &reason);
  if (all) *all += 1;
  const struct count_scratch* s = scratch_count(COUNT_OF_PACKETS);
  if (!s || !s->port) return 0;
  struct ginnel_drop_count* port = bpf_map_lookup_elem(&port_drops, &s->port);
  if (!port) {
    bpf_map_update_elem(&port_drops, &s->port, &s->none, BPF_NOEXIST);
    port = bpf_map_lookup_elem(&port_drops, &s->port);
  }
  if (port) add_drop(port, reason);
  if (!s->dropped.link) return 0;
  struct ginnel_drop_count* link = bpf_map_lookup_elem(&link_drops, &s->dropped);
  if (!link) {
    bpf_map_update_elem(&link_drops, &s->dropped, &s->none, BPF_NOEXIST);
    link = bpf_map_lookup_elem(&link_drops, &s->dropped);
  }
  if (link) add_drop(link, reason);
  return 0;
}

#endif
