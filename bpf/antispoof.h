/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* Stage: a port sends in its own name only. Its link-local address is for neighbour discovery (nd.h), never routed. */
#ifndef GINNEL_BPF_ANTISPOOF_H
#define GINNEL_BPF_ANTISPOOF_H

#include "bpf/packet.h"

#define DHCP_SERVER 67
#define DHCPV6_SERVER 547

/* To all servers of the link, from a client that may have no address yet: the daemon sees it before the program does.
 */
static __always_inline int is_dhcp_question(const struct packet* p) {
  if (p->key.protocol != IPPROTO_UDP) return 0;
  const __u32* to = p->key.destination.word;
  if (p->ethertype == bpf_htons(ETH_P_IP))
    return p->key.destination_port == bpf_htons(DHCP_SERVER) && to[3] == 0xffffffff;
  return p->key.destination_port == bpf_htons(DHCPV6_SERVER) && to[0] == bpf_htonl(0xff020000) && to[1] == 0 &&
         to[2] == 0 && to[3] == bpf_htonl(0x10002); /* ff02::1:2 */
}

static __always_inline int stage_antispoof(struct __sk_buff* skb, struct packet* p) {
  struct ethhdr* ethernet = data(skb);
  if ((void*)(ethernet + 1) > data_end(skb)) return DROP(MALFORMED);
  if (!same_mac(ethernet->h_source, p->port->mac)) return DROP(SPOOFED_MAC);
  if (is_dhcp_question(p)) return DROP(DHCP_QUESTION);
  if (!(p->port->flags & GINNEL_PORT_CHECK_SOURCE) || same_address(&p->key.source, &p->port->address)) return NEXT;
  if (p->ethertype == bpf_htons(ETH_P_IP)) return DROP(SPOOFED_ADDRESS);
  if (is_zero(&p->port->address6)) return DROP(IPV6);
  return same_address(&p->key.source, &p->port->address6) ? NEXT : DROP(SPOOFED_ADDRESS);
}

#endif
