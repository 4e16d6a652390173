/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* Flows: what was decided about a flow's first packet. Map `flows`: HASH, ginnel_flow_key → ginnel_flow.
 *
 * A flow has two entries, one a direction, each keyed by the packet as it comes in from a port and telling what it
 * becomes; each names the other (ginnel_flow_partner). They are made by the program only. The daemon removes flows
 * that are idle: both entries, when both are (ginnel_flow_idle_limit_s), by the program that counts what they hold
 * (count.h). By the same program a flow is cut: with GINNEL_FLOW_CUT in both entries, the next packet is dropped as
 * FLOW_CUT (TCP: both ends get a reset) and both entries go. Nobody writes to an entry that stands but by atomic
 * operations on its state and its counters. */
#ifndef GINNEL_ABI_FLOW_H
#define GINNEL_ABI_FLOW_H

#include "abi/base.h"

struct ginnel_flow_key {
  __u32 scope; /* VPC number of the port where the packet comes in */
  struct ginnel_address source, destination;
  __be16 source_port, destination_port; /* TCP, UDP; the identifier in both of ICMP queries and answers; else 0 */
  __u8 protocol;
  __u8 icmp_type, icmp_code; /* the packet's own, with ICMP of either family; else 0 */
  __u8 mute;                 /* 1 of the way back of a flow that has none: no packet has such a key */
};
GINNEL_LAYOUT(ginnel_flow_key, 44);

/* Which flow a packet is of, by its protocol (Amazon EC2, "Security group connection tracking"):
 *   TCP, UDP                 addresses and ports
 *   ICMP query and answer    addresses, identifier and code: echo, timestamp, and ICMPv6 echo
 *   ICMP otherwise           addresses, type and code; one way, nothing answers it. Errors are of the flow that they
 *                            quote and of none of their own
 *   any other                addresses; either side may go on once one has opened it */
static inline __attribute__((always_inline)) int ginnel_is_icmp(__u8 protocol) {
  return protocol == GINNEL_ICMP || protocol == GINNEL_ICMPV6;
}

/* The type that answers this one or is answered by it; the type itself if there is none (RFC 792, RFC 4443). */
static inline __attribute__((always_inline)) __u8 ginnel_icmp_partner(__u8 protocol, __u8 type) {
  if (protocol == GINNEL_ICMPV6) return type == 128 ? 129 : type == 129 ? 128 : type;
  if (type == 8 || type == 0) return 8 - type;
  return type == 13 ? 14 : type == 14 ? 13 : type;
}

static inline __attribute__((always_inline)) int ginnel_icmp_is_answer(__u8 protocol, __u8 type) {
  return protocol == GINNEL_ICMPV6 ? type == 129 : type == 0 || type == 14;
}

#define GINNEL_FLOW_REVERSE 1u       /* entry of the direction from target to opener */
#define GINNEL_FLOW_TRANSLATE 2u     /* addresses and ports of the packet change */
#define GINNEL_FLOW_REDIRECT_PEER 4u /* how it is delivered */
/* 8 was the mark of cut flows before layout version 4 */
#define GINNEL_FLOW_PROXY 16u   /* TCP: a PROXY v2 header goes first; in both entries */
#define GINNEL_FLOW_TO_IPV4 32u /* comes in as IPv6 and goes out as IPv4 (RFC 7915) */
#define GINNEL_FLOW_TO_IPV6 64u /* the other way */

/* Bits of the lower half of `state`. FINs and RST are noted in both entries. */
#define GINNEL_FLOW_ANSWERED 1u    /* a packet of the reverse direction was seen */
#define GINNEL_FLOW_FIN_FORWARD 2u /* TCP: the opener closed its half */
#define GINNEL_FLOW_FIN_REVERSE 4u
#define GINNEL_FLOW_RST 8u
/* Of flows with GINNEL_FLOW_PROXY, in both entries. */
#define GINNEL_FLOW_HEADER_DONE 16u /* the target has acknowledged the PROXY header */
#define GINNEL_FLOW_SYN_AGAIN 32u   /* the opener has sent a SYN after that */

#define GINNEL_FLOW_ESTABLISHED 64u /* TCP: the opener has acknowledged the answer */
#define GINNEL_FLOW_CUT 128u        /* is to be ended by its next packet; in both entries */
#define GINNEL_FLOW_ENDED 256u      /* the entry is being taken out, and what it held was counted */

struct ginnel_flow {
  /* The packet as it goes out. */
  struct ginnel_address source, destination;
  __be16 source_port, destination_port;
  __u32 oif;
  __u8 destination_mac[6];
  __u16 flags;       /* GINNEL_FLOW_* above */
  __u32 out_scope;   /* VPC number where it goes out */
  __u32 link;        /* number of the link; 0 inside a VPC and of probes */
  __u32 state;       /* GINNEL_FLOW_* above; the upper half: see ginnel_flow_opened_s() */
  __u32 last_seen_s; /* CLOCK_MONOTONIC_COARSE */
  __u32 target;      /* number of the load balancer's target, else 0 */
  __u16 idle_s;      /* TCP, open: may be silent so long; 0: the default */
  __u16 opened;      /* see ginnel_flow_opened_s() */
  __u32 iif;         /* where it comes in: the oif of the other entry */
  __u32 balancer;    /* number of the one that chose the target, else 0 */
  __u64 packets, bytes;
};
GINNEL_LAYOUT(ginnel_flow, 96);

/* When it was opened, by CLOCK_MONOTONIC, the same in both entries; 0: not known. The halves of the number lie where
 * there was room. */
static inline __attribute__((always_inline)) __u32 ginnel_flow_opened_s(const struct ginnel_flow* flow) {
  return (flow->state & 0xffff0000u) | flow->opened;
}

static inline __attribute__((always_inline)) void ginnel_flow_set_opened(struct ginnel_flow* flow, __u32 now_s) {
  flow->state = (flow->state & 0xffffu) | (now_s & 0xffff0000u);
  flow->opened = (__u16)now_s;
}

static inline __attribute__((always_inline)) int ginnel_flow_closed(__u32 state) {
  const __u32 fins = GINNEL_FLOW_FIN_FORWARD | GINNEL_FLOW_FIN_REVERSE;
  return (state & GINNEL_FLOW_RST) || (state & fins) == fins;
}

/* Key of the entry of the other direction. */
static inline __attribute__((always_inline)) struct ginnel_flow_key ginnel_flow_partner(
    const struct ginnel_flow_key* key, const struct ginnel_flow* flow) {
  struct ginnel_flow_key partner;
  partner.scope = flow->out_scope;
  partner.source = flow->destination;
  partner.destination = flow->source;
  partner.source_port = flow->destination_port;
  partner.destination_port = flow->source_port;
  partner.protocol = key->protocol;
  partner.icmp_type = ginnel_is_icmp(key->protocol) ? ginnel_icmp_partner(key->protocol, key->icmp_type) : 0;
  partner.icmp_code = key->icmp_code;
  partner.mute = ginnel_is_icmp(key->protocol) && partner.icmp_type == key->icmp_type ? !key->mute : 0;
  return partner;
}

/* How long a flow may be silent in both directions before it is over: the daemon removes it, and a packet that comes
 * before that is one of no flow; TCP in the midst of a connection gets a reset at both ends. TCP 350 s and UDP 120 s
 * are AWS's (VPC endpoints, idle time-outs), and 600 s of protocols without ports (security groups, connection
 * tracking); 60 s after its end no peer holds a TCP flow in TIME_WAIT any more; 30 s are for a handshake. */
static inline __attribute__((always_inline)) __u32 ginnel_flow_idle_limit_s(__u8 protocol,
                                                                            const struct ginnel_flow* flow) {
  if (protocol == GINNEL_UDP) return 120;
  if (ginnel_is_icmp(protocol)) return 30;
  if (protocol != GINNEL_TCP) return 600;
  if (ginnel_flow_closed(flow->state)) return 60;
  if (!(flow->state & GINNEL_FLOW_ESTABLISHED)) return 30;
  return flow->idle_s ? flow->idle_s : 350;
}

#endif
