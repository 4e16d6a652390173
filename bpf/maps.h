/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* The maps; what they hold is said in abi/. Those that the daemon fills take memory as they grow; flows are allocated
 * beforehand, so that no packet waits for memory. */
#ifndef GINNEL_BPF_MAPS_H
#define GINNEL_BPF_MAPS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "abi/all.h"

const volatile struct ginnel_config config = {
    .layout_version = GINNEL_LAYOUT_VERSION,
    .flags = GINNEL_CONFIG_REDIRECT_PEER,
    .router_mac = {0x02, 0xfe, 0, 0, 0, 1},
};

#define GINNEL_HASH(name, key_type, value_type, size) \
  struct {                                            \
    __uint(type, BPF_MAP_TYPE_HASH);                  \
    __uint(max_entries, size);                        \
    __uint(map_flags, BPF_F_NO_PREALLOC);             \
    __type(key, key_type);                            \
    __type(value, value_type);                        \
  } name SEC(".maps")

/* Room for one value that is too large for the stack, which all functions together share; get() gives it. Its name ends
 * in "scratch": no other program gets it (is_own_map in src/dataplane/running.h). */
#define GINNEL_SCRATCH(name, value_type, get)    \
  struct {                                       \
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);     \
    __uint(max_entries, 1);                      \
    __type(key, __u32);                          \
    __type(value, value_type);                   \
  } name SEC(".maps");                           \
  static __always_inline value_type* get(void) { \
    __u32 zero = 0;                              \
    return bpf_map_lookup_elem(&name, &zero);    \
  }

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, GINNEL_PORT_SLOTS);
  __type(key, __u32);
  __type(value, struct ginnel_port);
} port_slots SEC(".maps");

GINNEL_HASH(ports, __u32, struct ginnel_port, GINNEL_MAX_PORTS);
GINNEL_HASH(links, struct ginnel_link_key, struct ginnel_link, GINNEL_MAX_LINKS);
GINNEL_HASH(destinations, struct ginnel_destination_key, struct ginnel_destination, GINNEL_MAX_DESTINATIONS);
GINNEL_HASH(balancers, __u32, struct ginnel_balancer, GINNEL_MAX_BALANCERS);
GINNEL_HASH(targets, __u32, struct ginnel_target, GINNEL_MAX_TARGETS);
GINNEL_HASH(port_errors, __u32, __u64, GINNEL_MAX_BALANCERS);
GINNEL_HASH(policies, __u32, struct ginnel_policy, GINNEL_MAX_POLICIES);
GINNEL_HASH(group_members, struct ginnel_member_key, __u32, GINNEL_MAX_GROUP_MEMBERS);

/* Of a balancer; tables may differ in size. */
struct target_table {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __uint(map_flags, BPF_F_INNER_MAP);
  __type(key, __u32);
  __type(value, __u32);
};

struct {
  __uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
  __uint(max_entries, GINNEL_MAX_BALANCERS);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, __u32);
  __array(values, struct target_table);
} tables SEC(".maps");

/* When all source ports of a node to a target were last found taken: that direction's key without the port, and ns. */
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 1024);
  __type(key, struct ginnel_flow_key);
  __type(value, __u64);
} exhausted SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_LPM_TRIE);
  __uint(max_entries, GINNEL_MAX_ROUTES);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, struct ginnel_route_key);
  __type(value, __u32);
} routes SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, GINNEL_MAX_RULES);
  __type(key, __u32);
  __type(value, struct ginnel_rule);
} rules SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, GINNEL_MAX_FLOWS);
  __type(key, struct ginnel_flow_key);
  __type(value, struct ginnel_flow);
} flows SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, GINNEL_MAX_PROXIES);
  __type(key, struct ginnel_flow_key);
  __type(value, struct ginnel_proxy);
} proxies SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct ginnel_settings);
} settings SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, GINNEL_DROP_COUNT);
  __type(key, __u32);
  __type(value, __u64);
} drops SEC(".maps");

/* One flow asked of one range of rules. */
struct question {
  struct ginnel_address peer;
  __u32 offset;
  __u16 port; /* of the receiver, TCP and UDP; ICMP: the type */
  __u8 protocol;
  __u8 allowed;
  __u16 code;        /* ICMP */
  __u8 foreign;      /* the peer is of another VPC, so no group has it as a member, whatever its address */
  __u8 members_only; /* rules that name a group are asked, and no others */
};

/* What the slow path decides for a new flow. Global
 * functions find the key here too: older kernels take no pointer argument as the key of a map. */
struct decision {
  struct ginnel_flow_key key;
  struct ginnel_flow forward, reverse;
  struct ginnel_flow_key reverse_key;

  /* Which rules are asked, and whose. */
#define RULES_SENDER 1u       /* egress, of the port */
#define RULES_RECEIVER 2u     /* ingress of receiver_policy */
#define RULES_BALANCER_IN 4u  /* ingress and */
#define RULES_BALANCER_OUT 8u /* egress of balancer_policy */
#define RULES_TARGET 16u      /* ingress of target_policy for what the target sees */
#define RULES_NODE 32u        /* or for the node's address */
  __u32 rules;
  __u32 receiver_policy, balancer_policy, target_policy;
  struct ginnel_address node; /* of the balancer */
  struct question question;

  __u32 balancer;               /* its number, 0: none */
  __u32 first_port, port_count; /* range of the translated source port; without a count the port stays */
  __u32 flow_limit;             /* of the port; 0: none */
  __u32 scan;                   /* whether every port of it is tried in the end, and */
  __u32 place;                  /* where that begins */

  __u32 proxy;       /* TCP: a PROXY v2 header goes before the client's data (both entries: GINNEL_FLOW_PROXY) */
  char endpoint[24]; /* id of the endpoint that the flow came through, filled up with zeroes; all zero: none did */
};

GINNEL_SCRATCH(scratch, struct decision, scratch_decision)

#endif
