/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* Why a packet was dropped. Map `drops`: PERCPU_ARRAY, enum ginnel_drop → __u64 packets.
 *
 * One list for the program, the daemon and the manual: X(NAME, "text"). New reasons are added at the end. Index 0 is
 * not a reason; the program never counts there. */
#ifndef GINNEL_ABI_DROP_REASON_H
#define GINNEL_ABI_DROP_REASON_H

/* clang-format off */
#define GINNEL_DROP_REASONS(X)                                                                    \
  X(NOT_A_PORT, "the device is not known as a port")                                              \
  X(MALFORMED, "headers are cut short or contradict each other")                                  \
  X(NOT_IP, "neither IP nor ARP, or with a VLAN tag")                                             \
  X(IPV6, "IPv6 from a port that has no IPv6 address")                                            \
  X(ARP_UNANSWERED, "ARP that is no question, or a probe for the sender's own address")           \
  X(SPOOFED_MAC, "the source MAC is not the port's")                                              \
  X(SPOOFED_ADDRESS, "the source address is not the port's")                                      \
  X(SPOOFED_ARP, "the sender in an ARP packet is not the port")                                   \
  X(TCP_FRAGMENT, "a fragment of a TCP segment")                                                  \
  X(FRAGMENT, "a fragment of neither UDP nor echo")                                                  \
  X(PROTOCOL, "the ICMP of the other family")                                                     \
  X(ICMP_TYPE, "an ICMP message that only a router may send")                                     \
  X(TO_ITSELF, "the destination is the sender")                                                   \
  X(NO_ROUTE, "the destination is outside of the VPC")                                            \
  X(NO_DESTINATION, "no interface has the destination address")                                   \
  X(NO_LISTENER, "an endpoint's interface does not listen on that port")                          \
  X(NO_FLOW, "belongs to no flow and opens none")                                                 \
  X(SYSTEM_NO_FLOW, "the system may only answer and probe, and this is neither")                          \
  X(EGRESS_DENIED, "no egress rule of the sender's security groups allows it")                    \
  X(INGRESS_DENIED, "no ingress rule of the receiver's security groups allows it")                \
  X(NO_SOURCE_PORT, "no source port was free for the translated flow")                            \
  X(FLOW_TABLE_FULL, "no room for another flow")                                                  \
  X(FLOW_CUT, "the flow was cut: its endpoint or interface is gone")                              \
  X(TOO_BIG, "larger than the MTU")                                                               \
  X(NO_BALANCER, "the link leads to a load balancer that is not there")                           \
  X(NO_TARGET, "the load balancer has no target that can be reached")                             \
  X(BALANCER_DENIED, "no rule of the load balancer's security groups allows it")                  \
  X(TARGET_DENIED, "no ingress rule of the target's security groups allows it")                   \
  X(PROXY_STATE_FULL, "too many handshakes of flows with a PROXY header are open")                \
  X(PROXY_UNACKNOWLEDGED, "a target's acknowledgement that lacks the PROXY header, which goes again") \
  X(PROXY_OUT_OF_TURN, "of a flow with a PROXY header, but not of its handshake")                 \
  X(UPGRADING, "of no known flow, while the flows are carried over to another layout") \
  X(ROUTING_HEADER, "an IPv6 routing header")                                                     \
  X(EXTENSION_HEADERS, "more or longer IPv6 extension headers than are looked through")           \
  X(SPOOFED_ND, "the sender in a neighbour solicitation is not the port, or not its neighbour")   \
  X(ND_UNANSWERED, "a probe for the sender's own IPv6 address")                                   \
  X(ND_ADVERTISEMENT, "an advertisement or a redirect, which only the router may send")           \
  X(ROUTER_SOLICITATION, "a question for a router, which the daemon answers where it does")       \
  X(MULTICAST_LISTENER, "a report of a multicast listener: there is no multicast")                \
  X(TTL_EXPIRED, "TTL or hop limit would become 0")                                               \
  X(TRANSLATED_OPTIONS, "IP options or extension headers where IPv6 and IPv4 meet")               \
  X(ICMP_NO_FLOW, "an ICMP error that quotes no packet of a flow to this port")                   \
  X(ICMP_UNTRANSLATED, "an ICMP error that the other family has no counterpart of")               \
  X(PORT_FLOW_LIMIT, "the sender has as many flows open as one interface may have")               \
  X(IDLE_RESET, "of a TCP flow that was idle for too long, which both ends are told by a reset")  \
  X(DHCP_QUESTION, "a DHCP client's question, which the daemon answers where it does")            \
  X(FRAGMENT_UNKNOWN, "a later fragment, and its first one has not passed before it")             \
  X(FRAGMENT_UNSUMMED, "a fragment of a datagram without checksum, from IPv4 to IPv6")
/* clang-format on */

enum ginnel_drop {
  GINNEL_DROP_NONE,
#define GINNEL_DROP_ENUM(name, text) GINNEL_DROP_##name,
  GINNEL_DROP_REASONS(GINNEL_DROP_ENUM)
#undef GINNEL_DROP_ENUM
      GINNEL_DROP_COUNT
};

#endif
