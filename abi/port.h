/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* A port: a device that carries the program at its ingress. Map `port_slots`: ARRAY, __u32 ifindex → ginnel_port, for
 * devices of low numbers, which spares each packet a lookup in a hash map; an entry without a name is none. Map
 * `ports`: HASH, likewise, for the others.
 *
 * It says what the sender may call itself, and it is the record from which a restarted daemon reads back its ports. */
#ifndef GINNEL_ABI_PORT_H
#define GINNEL_ABI_PORT_H

#include "abi/base.h"

#define GINNEL_PORT_CHECK_SOURCE 1u /* the source address must be the port's own (source/destination check) */
#define GINNEL_PORT_SYSTEM 2u       /* of the system VPC: only answers pass, and no rule is asked */
#define GINNEL_PORT_DEVICE \
  4u /* no veth pair into another namespace: frames go out of the device itself (a tap, a NIC) */

struct ginnel_port {
  __u32 vpc;                       /* number of the VPC; 0 is the system VPC */
  __u32 policy;                    /* key into `policies`; one that is not there allows nothing */
  __u32 flags;                     /* GINNEL_PORT_* */
  struct ginnel_address address;   /* IPv4 */
  struct ginnel_address address6;  /* IPv6; all zero: none */
  struct ginnel_address synthetic; /* stands for `address` in the system VPC; not used of a system port */
  __u8 mac[6];                     /* of the far end */
  __u8 reserved[2];
  char interface_id[24]; /* "eni-…", filled up with zeroes */
};
GINNEL_LAYOUT(ginnel_port, 92);

static inline __attribute__((always_inline)) int ginnel_port_is_there(const struct ginnel_port* port) {
  return port->interface_id[0] != 0;
}

#endif
