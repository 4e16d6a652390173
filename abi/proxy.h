/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* PROXY protocol v2 headers that still have to reach their target.
 *
 * Map `proxies`: HASH, ginnel_flow_key of a flow's forward entry → ginnel_proxy. The program makes an entry with the
 * SYN of a flow with GINNEL_FLOW_PROXY, and removes it when the target has acknowledged the header
 * (GINNEL_FLOW_HEADER_DONE), at a reset, and when the flow is cut. The daemon removes what is left of flows that ended
 * otherwise (ginnel_proxy_is_over). How it works: docs/decisions/0012-proxy-protocol-in-the-data-plane.md. */
#ifndef GINNEL_ABI_PROXY_H
#define GINNEL_ABI_PROXY_H

#include "abi/base.h"
#include "abi/flow.h"

/* Length of the whole header in bytes, with and without an endpoint: as AWS's network load balancers fill theirs up. */
#define GINNEL_PROXY_HEADER 100u

#define GINNEL_PROXY_ANSWERED 1u /* the target's SYN-ACK for this header was seen */
#define GINNEL_PROXY_SENT 2u     /* the header went out at least once */

struct ginnel_proxy {
  __u32 first;         /* sequence number of the client's first byte: one more than that of its SYN */
  __u32 answer;        /* likewise of the target's first byte, once ANSWERED */
  __u32 answer_next;   /* end of what the target has sent so far */
  __u32 answer_before; /* another `answer`, of an earlier SYN-ACK; else the same: SYN cookies change with time */
  __u32 sent_ms;       /* when the header last went out, CLOCK_MONOTONIC */
  __u32 opened_s;      /* of the SYN, CLOCK_MONOTONIC_COARSE */
  __u32 flags;         /* GINNEL_PROXY_* */
  char endpoint[24];   /* id of the endpoint, filled up with zeroes; all zero: the client is inside the VPC */
};
GINNEL_LAYOUT(ginnel_proxy, 52);

/* Whether the daemon may remove the entry: a flow that is not there (null), closed or done needs none. Young ones stay,
 * as the program makes them just before their flow. */
static inline __attribute__((always_inline)) int ginnel_proxy_is_over(const struct ginnel_proxy* proxy,
                                                                      const struct ginnel_flow* flow, __u32 now_s) {
  if (flow && (flow->flags & GINNEL_FLOW_PROXY) && !ginnel_flow_closed(flow->state) &&
      !(flow->state & GINNEL_FLOW_HEADER_DONE))
    return 0;
  return (__s32)(now_s - proxy->opened_s) > 60;
}

#endif
