/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* Stage: a port sends in its own name only. Its link-local address is for neighbour discovery (nd.h), never routed. */
#ifndef GINNEL_BPF_ANTISPOOF_H
#define GINNEL_BPF_ANTISPOOF_H

#include "bpf/packet.h"

static __always_inline int stage_antispoof(struct __sk_buff* skb, struct packet* p) {
  struct ethhdr* ethernet = data(skb);
  if ((void*)(ethernet + 1) > data_end(skb)) return DROP(MALFORMED);
  if (!same_mac(ethernet->h_source, p->port->mac)) return DROP(SPOOFED_MAC);
  if (!(p->port->flags & GINNEL_PORT_CHECK_SOURCE) || same_address(&p->key.source, &p->port->address)) return NEXT;
  if (p->ethertype == bpf_htons(ETH_P_IP)) return DROP(SPOOFED_ADDRESS);
  if (is_zero(&p->port->address6)) return DROP(IPV6);
  return same_address(&p->key.source, &p->port->address6) ? NEXT : DROP(SPOOFED_ADDRESS);
}

#endif
