/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* Where the addresses of a VPC are.
 *
 * Map `routes`: LPM_TRIE, ginnel_route_key → __u32 (1): the VPC's CIDRs. What matches none is dropped as NO_ROUTE.
 * Map `destinations`: HASH, ginnel_destination_key → ginnel_destination: the interfaces with their addresses. What is
 * inside a CIDR and not here is dropped as NO_DESTINATION.
 * Links are looked up before both. */
#ifndef GINNEL_ABI_DESTINATION_H
#define GINNEL_ABI_DESTINATION_H

#include "abi/base.h"

struct ginnel_route_key {
  __u32 prefix; /* bits of vpc and address that count: 32 + the length in 128 bits (32 + 96 + 16 for an IPv4 /16) */
  __u32 vpc;
  struct ginnel_address address;
};
GINNEL_LAYOUT(ginnel_route_key, 24);

struct ginnel_destination_key {
  __u32 vpc;
  struct ginnel_address address;
};
GINNEL_LAYOUT(ginnel_destination_key, 20);

/* The interface is an endpoint's: nothing but its links can be reached (NO_LISTENER); `oif` and `mac` are not used. */
#define GINNEL_DESTINATION_ENDPOINT 1u
/* As GINNEL_PORT_DEVICE. */
#define GINNEL_DESTINATION_DEVICE 2u

struct ginnel_destination {
  __u32 oif;    /* host's end of the port's pair, as in `ports` */
  __u32 policy; /* key into `policies` */
  __u32 flags;  /* GINNEL_DESTINATION_* */
  __u8 mac[6];  /* of the far end */
  __u8 reserved[2];
};
GINNEL_LAYOUT(ginnel_destination, 20);

#endif
