/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* Constants of one loaded program: the one variable `config` of its .rodata, at offset 0 of that map's only value.
 * Written before the program is loaded; a restarted daemon reads it back from the map whose name ends in ".rodata". */
#ifndef GINNEL_ABI_CONFIG_H
#define GINNEL_ABI_CONFIG_H

#include "abi/base.h"

/* Name of the program, also what the kernel shows for it; and the object's maps by their names. */
#define GINNEL_PROGRAM "ginnel_port"

/* Packets for ports go straight to the far end of the veth pair (bpf_redirect_peer), which must be in another network
 * namespace. Without it they take the ordinary way through the near end. */
#define GINNEL_CONFIG_REDIRECT_PEER 1u

/* The router's IPv6 address on every port, fe80::1: what router advertisements come from. Neighbour solicitations for
 * it are answered with `router_mac` like those for all others, as the router's. Its first 64 bits, and its last byte.
 */
#define GINNEL_ROUTER_PREFIX 0xfe80000000000000ull
#define GINNEL_ROUTER_SUFFIX 1u

struct ginnel_config {
  __u32 layout_version; /* GINNEL_LAYOUT_VERSION; set in the object file */
  __u32 flags;          /* GINNEL_CONFIG_* */
  __u32 port_flows;     /* flows that one port may have open, but for the system's; 0: any number */
  __u8 router_mac[6];   /* answers for every address; the source of every frame that is delivered */
  __u8 reserved[2];
  char tag[8]; /* of the region, without a final zero; not used by the program */
};
GINNEL_LAYOUT(ginnel_config, 28);

#endif
