/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* The packet program: at the ingress of the host's end of every port (tcx or clsact). */
#include "bpf/account.h"
#include "bpf/antispoof.h"
#include "bpf/arp.h"
#include "bpf/classify.h"
#include "bpf/count.h"
#include "bpf/deliver.h"
#include "bpf/end.h"
#include "bpf/flow_lookup.h"
#include "bpf/fragment.h"
#include "bpf/icmp_error.h"
#include "bpf/limits.h"
#include "bpf/nd.h"
#include "bpf/packet.h"
#include "bpf/parse.h"
#include "bpf/policy.h"
#include "bpf/proxy.h"
#include "bpf/rewrite.h"
#include "bpf/track.h"

#define STAGE(call)                    \
  do {                                 \
    int answer = (call);               \
    if (answer != NEXT) return answer; \
  } while (0)

/* A new flow. A function of its own, so that the stack holds what it needs no longer than it takes. */
static __noinline int judge_flow(struct __sk_buff* skb, struct packet* p) {
  STAGE(stage_classify(skb, p));
  STAGE(stage_new_limits(skb, p));
  STAGE(stage_policy(p));
  return stage_proxy_open(skb, p);
}

static __noinline int stage_special(struct __sk_buff* skb, struct packet* p) {
  STAGE(stage_error(skb, p));
  return stage_fragment(skb, p);
}

static __always_inline int stages(struct __sk_buff* skb, struct packet* p) {
  STAGE(stage_port(skb, p));
  STAGE(stage_parse(skb, p));
  STAGE(stage_arp(skb, p));
  if (p->special) STAGE(stage_nd(skb, p));
  STAGE(stage_antispoof(skb, p));
  STAGE(stage_size(skb, p));
  if (p->special) STAGE(stage_special(skb, p));
  STAGE(stage_flow(skb, p));
  if (p->flow) {
    STAGE(stage_limits(skb, p, p->flow->flags));
  } else {
    STAGE(judge_flow(skb, p));
    STAGE(forget_failed(stage_track(p)));
    STAGE(check_flow(p));
  }
  STAGE(stage_proxy(skb, p));
  if (p->special == SPECIAL_FIRST) remember_datagram(skb);
  STAGE(stage_account(skb, p));
  STAGE(stage_rewrite(skb, p));
  return stage_deliver(skb, p);
}

SEC("tc")
int ginnel_port(struct __sk_buff* skb) {
  struct packet packet = {};
  int verdict = stages(skb, &packet);
  if (verdict > 0) return verdict;
  note_whose(skb, &packet, packet.flow);
  count_drop(-verdict);
  return TC_ACT_SHOT;
}

char program_license[] SEC("license") = "GPL";
