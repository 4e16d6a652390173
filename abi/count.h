/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* What is counted, by port and by link. A flow's own two entries hold what passed while it lives, so that a packet of a
 * known flow writes nowhere else; when an entry goes, what it holds is added here. So what passed altogether is what is
 * here and what the entries hold now (src/dataplane/counts.h puts both together).
 *
 * Map `port_counts`: HASH, __u32 ifindex → ginnel_port_count.
 * Map `link_counts`: HASH, ginnel_link_count_key → ginnel_link_count.
 * Map `port_drops`: HASH, __u32 ifindex → ginnel_drop_count: of packets that came in there, by reason.
 * Map `link_drops`: HASH, ginnel_link_count_key → ginnel_drop_count: of packets of a link, either way.
 * Their rows are made by the program, for ports and links that are there and so for no more than there are; the daemon
 * takes away those of what is gone. */
#ifndef GINNEL_ABI_COUNT_H
#define GINNEL_ABI_COUNT_H

#include "abi/base.h"
#include "abi/drop_reason.h"
#include "abi/flow.h"

struct ginnel_port_count {
  __u64 sent_packets, sent_bytes;         /* by the port, of entries that are gone */
  __u64 received_packets, received_bytes; /* likewise, to the port */
  __u64 opened, accepted;                 /* new flows from it, and to it */
  __u64 sent_resets, received_resets;     /* TCP segments with RST, all so far; received: those of the program too */
  __u64 tracked;                          /* flows from it whose forward entry is in `flows` now */
};
GINNEL_LAYOUT(ginnel_port_count, 72);

/* A link as its flows name it: through one address of what it belongs to, to one balancer. */
struct ginnel_link_count_key {
  __u32 vpc;  /* of the opener */
  __u32 link; /* its number, never 0: probes and flows inside a VPC have none */
  __u32 balancer;
  struct ginnel_address address; /* that the opener talks to */
};
GINNEL_LAYOUT(ginnel_link_count_key, 28);

/* Forward is from the opener to the target. */
struct ginnel_link_count {
  __u64 forward_packets, forward_bytes; /* of entries that are gone */
  __u64 reverse_packets, reverse_bytes;
  __u64 opened;
  __u64 forward_resets, reverse_resets; /* those of the program too */
};
GINNEL_LAYOUT(ginnel_link_count, 56);

#define GINNEL_DROP_SLOTS 64
struct ginnel_drop_count {
  __u64 packets[GINNEL_DROP_SLOTS]; /* by enum ginnel_drop */
};
#ifdef __cplusplus
static_assert(GINNEL_DROP_COUNT <= GINNEL_DROP_SLOTS, "a slot for each reason");
#endif
GINNEL_LAYOUT(ginnel_drop_count, 8 * GINNEL_DROP_SLOTS);

/* Of one of a flow's entries, the same of both. */
static inline __attribute__((always_inline)) struct ginnel_link_count_key ginnel_link_of(
    const struct ginnel_flow_key* key, const struct ginnel_flow* flow) {
  struct ginnel_link_count_key out;
  const int reverse = flow->flags & GINNEL_FLOW_REVERSE;
  out.vpc = reverse ? flow->out_scope : key->scope;
  out.link = flow->link;
  out.balancer = flow->balancer;
  out.address = reverse ? flow->source : key->destination;
  return out;
}

/* The program `ginnel_end` (BPF_PROG_TYPE_SYSCALL, run by BPF_PROG_RUN with a ginnel_end_request as its context) ends
 * flows: it alone takes entries out and counts what they hold at once. Which: the first `count` keys of its map
 * `end_scratch` (ARRAY, of ginnel_end_key). One caller at a time. */
#define GINNEL_END_PROGRAM "ginnel_end"
#define GINNEL_END_KEYS 1024

/* Only flows that are idle in both directions, or whose other entry is missing. Else all. */
#define GINNEL_END_IDLE 1u
/* Takes nothing out, but marks both entries as cut (GINNEL_FLOW_CUT), in place. Goes alone. */
#define GINNEL_END_MARK 2u

struct ginnel_end_key {
  struct ginnel_flow_key key; /* of either entry */
  __u32 reserved;
};
GINNEL_LAYOUT(ginnel_end_key, 48);

struct ginnel_end_request {
  __u32 count;
  __u32 flags; /* GINNEL_END_* */
  __u32 now_s; /* CLOCK_MONOTONIC */
  __u32 ended; /* answer: entries taken out, two a flow; with GINNEL_END_MARK flows that were not marked yet */
};
GINNEL_LAYOUT(ginnel_end_request, 16);

#endif
