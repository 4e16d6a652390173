/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* Bounds that the packet program and the daemon agree on. Sizes of maps are defaults, which a loader may change. */
#ifndef GINNEL_ABI_LIMITS_H
#define GINNEL_ABI_LIMITS_H

/* The largest IP packet that is delivered, in bytes; and the MSS that makes TCP keep to it, where one end or both have
 * IPv6 addresses the second. */
#define GINNEL_MTU 8500
#define GINNEL_MSS (GINNEL_MTU - 40)
#define GINNEL_MSS6 (GINNEL_MTU - 60)

#define GINNEL_MAX_PORTS 65536
#define GINNEL_PORT_SLOTS 4096 /* numbers of devices whose ports are in an array */
#define GINNEL_MAX_DESTINATIONS (1 << 20)
#define GINNEL_MAX_ROUTES 65536
#define GINNEL_MAX_LINKS (1 << 20)
#define GINNEL_MAX_POLICIES 65536
#define GINNEL_MAX_RULES (1 << 18)
#define GINNEL_MAX_GROUP_MEMBERS (1 << 20)
/* Entries, two a flow; 192 bytes each, allocated beforehand, and 16 a bucket, as many as the next power of two. */
#define GINNEL_MAX_FLOWS 2000000
/* Flows that one port may have open. */
#define GINNEL_MAX_PORT_FLOWS (1 << 18)
/* Handshakes of flows with a PROXY header that are open at one time. */
#define GINNEL_MAX_PROXIES 65536
#define GINNEL_MAX_BALANCERS 16384
#define GINNEL_MAX_TARGETS (1 << 18)

/* Rules in force on one interface in one direction and for one family: more are not looked at, so the daemon must
 * refuse them (AWS, Amazon VPC quotas: groups per interface times rules per group). */
#define GINNEL_MAX_RULES_PER_POLICY 1000

/* Source ports of translated flows. So many are tried before those of a balancer are all looked at, or else the flow is
 * given up. Of a link to the system VPC from 1024 on; of a balancer's node 55,000 for each target and port (AWS,
 * Network Load Balancers, port allocation errors); those of probes are beneath, so that neither takes the other's. */
#define GINNEL_PORT_PROBES 24
#define GINNEL_FIRST_PORT 1024
#define GINNEL_FIRST_BALANCER_PORT 10536

#endif
