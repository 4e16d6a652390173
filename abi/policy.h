/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* Security groups: a policy is the rules in force on every interface with the same set of groups.
 *
 * Map `policies`: HASH, __u32 policy → ginnel_policy: two ranges of the rules.
 * Map `rules`: ARRAY of ginnel_rule. To change a policy, write a new range, then switch the policy to it, and use the
 * old range again only when no program can be reading it any more.
 * Map `group_members`: HASH, ginnel_member_key → __u32 (1): for rules that name a group. Groups belong to one VPC, so
 * the group's number says which.
 *
 * Rules only allow. They are asked for the first packet of a flow; answers pass. */
#ifndef GINNEL_ABI_POLICY_H
#define GINNEL_ABI_POLICY_H

#include "abi/base.h"

/* IPv4's rules first, then those that name a group, then IPv6's: so each family is asked one piece of the range, of at
 * most GINNEL_MAX_RULES_PER_POLICY rules. With both counts 0 all rules are asked of both. */
struct ginnel_rule_range {
  __u32 offset;
  __u32 count;
  __u32 ipv4_only; /* so many at the beginning can match no IPv6 address, and */
  __u32 ipv6_only; /* so many at the end no IPv4 address */
};
GINNEL_LAYOUT(ginnel_rule_range, 16);

struct ginnel_policy {
  struct ginnel_rule_range ingress, egress;
};
GINNEL_LAYOUT(ginnel_policy, 32);

#define GINNEL_ANY_PROTOCOL 255
#define GINNEL_ANY_ICMP 0xffff /* as type or code */

struct ginnel_rule {
  struct ginnel_address peer; /* base of the peer's CIDR; bits beyond `prefix` are zero. Not used with a group. */
  __u32 group;                /* the peer is a member of it; 0: the CIDR counts */
  __u16 from_port, to_port;   /* TCP, UDP: inclusive. ICMP: type and code, or GINNEL_ANY_ICMP. Else not used. */
  __u8 protocol;              /* IP protocol, or GINNEL_ANY_PROTOCOL */
  __u8 prefix;                /* of 128: 96 + the length for IPv4. Less than 96 never matches an IPv4 address. */
  __u8 reserved[6];
};
GINNEL_LAYOUT(ginnel_rule, 32);

struct ginnel_member_key {
  __u32 group;
  struct ginnel_address address;
};
GINNEL_LAYOUT(ginnel_member_key, 20);

#endif
