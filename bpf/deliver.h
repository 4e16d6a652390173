/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* Stage: out of the door. */
#ifndef GINNEL_BPF_DELIVER_H
#define GINNEL_BPF_DELIVER_H

#include "bpf/packet.h"

static __always_inline int deliver(struct __sk_buff* skb, const struct ginnel_flow* flow) {
  const __u32 oif = flow->oif;
  if (!(flow->flags & GINNEL_FLOW_REDIRECT_PEER)) return bpf_redirect(oif, 0);
  /* The far end takes the packet as it is; it would ignore one that came in for another host's MAC. */
  if (skb->pkt_type != PACKET_HOST) bpf_skb_change_type(skb, PACKET_HOST);
  return bpf_redirect_peer(oif, 0);
}

static __always_inline int stage_deliver(struct __sk_buff* skb, struct packet* p) { return deliver(skb, p->flow); }

#endif
