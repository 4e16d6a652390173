/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* Stage: ARP (RFC 826). Every address is the router's, so that no frame of one port reaches another undecided. */
#ifndef GINNEL_BPF_ARP_H
#define GINNEL_BPF_ARP_H

#include "bpf/packet.h"

struct arp_frame {
  struct ethhdr ethernet;
  __be16 hardware, protocol;
  __u8 hardware_length, protocol_length;
  __be16 operation;
  __u8 sender_mac[6];
  __be32 sender;
  __u8 target_mac[6];
  __be32 target;
} __attribute__((packed));

#define ARP_REQUEST 1
#define ARP_REPLY 2

static __always_inline int answer_arp(struct __sk_buff* skb, struct arp_frame* arp) {
  const __be32 asked = arp->target, asker = arp->sender;
  copy_mac(arp->target_mac, arp->sender_mac);
  copy_mac(arp->ethernet.h_dest, arp->sender_mac);
  copy_mac(arp->sender_mac, config.router_mac);
  copy_mac(arp->ethernet.h_source, config.router_mac);
  arp->operation = bpf_htons(ARP_REPLY);
  arp->target = asker;
  arp->sender = asked;
  return bpf_redirect(skb->ifindex, 0);
}

static __always_inline int stage_arp(struct __sk_buff* skb, struct packet* p) {
  if (p->ethertype != bpf_htons(ETH_P_ARP)) return NEXT;
  struct arp_frame* arp = data(skb);
  if ((void*)(arp + 1) > data_end(skb)) return DROP(MALFORMED);
  if (arp->hardware != bpf_htons(1) || arp->protocol != bpf_htons(ETH_P_IP) || arp->hardware_length != 6 ||
      arp->protocol_length != 4)
    return DROP(MALFORMED);

  const __be32 own = p->port->address.word[3];
  if (!same_mac(arp->ethernet.h_source, p->port->mac) || !same_mac(arp->sender_mac, p->port->mac))
    return DROP(SPOOFED_ARP);
  /* A sender of 0.0.0.0 probes whether an address is taken (RFC 5227). */
  if ((p->port->flags & GINNEL_PORT_CHECK_SOURCE) && arp->sender != own && arp->sender != 0) return DROP(SPOOFED_ARP);
  if (arp->operation != bpf_htons(ARP_REQUEST) || arp->target == own || arp->target == arp->sender)
    return DROP(ARP_UNANSWERED);
  return answer_arp(skb, arp);
}

#endif
