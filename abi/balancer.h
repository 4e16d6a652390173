/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* Load balancers: which target a new flow of a link with GINNEL_LINK_BALANCED gets.
 *
 * Map `balancers`: HASH, __u32 number → ginnel_balancer: a listener in one zone.
 * Map `tables`: HASH_OF_MAPS, __u32 number of a balancer → ARRAY of `table_size` __u32, the numbers of targets, at the
 * places where a flow's hash points (Maglev). To change one, make a new array and put it in the old one's place. No
 * array, or one of another size than the balancer says, is no target.
 * Map `targets`: HASH, __u32 number → ginnel_target. The target's interface is found in `destinations`; without one,
 * or with one that has no port, new flows are dropped as NO_TARGET.
 * Map `port_errors`: HASH, __u32 number of a balancer → __u64: flows dropped as NO_SOURCE_PORT. Made by the program.
 *
 * A flow keeps its target for as long as it lives; to end it, cut the flows with the target's number (flow.h). */
#ifndef GINNEL_ABI_BALANCER_H
#define GINNEL_ABI_BALANCER_H

#include "abi/base.h"

/* `policy` is asked: egress for the target; ingress for clients of its own VPC, by their own address and the listener's
 * port. Without it neither is. */
#define GINNEL_BALANCER_JUDGED 1u
/* Ingress is asked for flows through endpoints too. Rules that name a group do not cover clients of another VPC. */
#define GINNEL_BALANCER_JUDGE_ENDPOINTS 2u
/* The target sees the client's address and port, if the client is of the balancer's VPC and not behind an endpoint. */
#define GINNEL_BALANCER_PRESERVE_CLIENT 4u
/* TCP: a PROXY v2 header goes first. */
#define GINNEL_BALANCER_PROXY 8u
/* The target depends on the client's address alone. */
#define GINNEL_BALANCER_STICKY 16u

struct ginnel_balancer {
  __u32 scope;  /* VPC number of the balancer and its targets */
  __u32 policy; /* key into `policies` */
  __u32 flags;  /* GINNEL_BALANCER_* */
  __u32 table_size;
  __u32 idle_s;                /* of established TCP flows, at most 65,535; 0: the default */
  struct ginnel_address node;  /* what targets see as the source, those with an IPv4 address */
  struct ginnel_address node6; /* those with an IPv6 address; all zero: none, and NO_TARGET for them */
};
GINNEL_LAYOUT(ginnel_balancer, 52);

struct ginnel_target {
  __u32 scope;
  struct ginnel_address address;
  __be16 port;
  __u8 reserved[2];
};
GINNEL_LAYOUT(ginnel_target, 24);

#endif
