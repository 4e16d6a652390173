/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* A link: (VPC, address, port, protocol) leads to a target elsewhere. Map `links`: HASH, ginnel_link_key → ginnel_link.
 *
 * A target in the system VPC sees the port's synthetic address in place of the sender's; one behind a balancer what
 * balancer.h says. A change affects new flows only: to end the old ones, set GINNEL_FLOW_CUT on those with the link's
 * number and address (flow.h). */
#ifndef GINNEL_ABI_LINK_H
#define GINNEL_ABI_LINK_H

#include "abi/base.h"

struct ginnel_link_key {
  __u32 vpc;
  struct ginnel_address address;
  __be16 port;
  __u8 protocol; /* GINNEL_TCP or GINNEL_UDP */
  __u8 reserved;
};
GINNEL_LAYOUT(ginnel_link_key, 24);

/* The sender's egress rules and the ingress rules of `policy` are asked. Without it neither are: the VPC's resolver is
 * not filtered by security groups (AWS, "Security groups": Amazon DNS is not filtered). With a balancer the sender's
 * are asked always; of a probe the egress rules of `policy`, for the target. */
#define GINNEL_LINK_JUDGED 1u
/* The target is behind a veth pair whose far end is in another network namespace (see GINNEL_CONFIG_REDIRECT_PEER).
 * Not for the system port, whose ends are in one namespace. */
#define GINNEL_LINK_REDIRECT_PEER 2u
/* Leads to `balancer`; scope, oif and the target's fields are not used. */
#define GINNEL_LINK_BALANCED 4u
/* The address is an interface endpoint's, whose id is `owner`. */
#define GINNEL_LINK_ENDPOINT 8u
/* From the system VPC (the key's vpc is 0) to `target` in `scope`, found in its `destinations`, which sees `source`.
 * TCP only; of links in scope 0 only these are followed. */
#define GINNEL_LINK_PROBE 16u

struct ginnel_link {
  __u32 number; /* of what it belongs to, whose links share it; never 0. Of a probe the target's number, or 0 */
  __u32 policy; /* of the interface that has the address */
  __u32 flags;  /* GINNEL_LINK_* */
  __u32 scope;  /* VPC number of the target; 0: the system VPC */
  __u32 oif;    /* where to send: for the system VPC the end of the pair that carries the program */
  struct ginnel_address target;
  __be16 target_port;
  __u8 target_mac[6]; /* for the system VPC that of ginnel0 */
  __u32 balancer;     /* key into `balancers` */
  struct ginnel_address source;
  char owner[24]; /* of an endpoint's link its id "vpce-…", filled up with zeroes */
};
GINNEL_LAYOUT(ginnel_link, 88);

#endif
