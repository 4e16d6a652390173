// Flows that are over: removal of idle ones, and cutting those of links and ports that are gone.
//
// The functions read and write the flow map alone and may run on a thread of their own, beside the one that applies
// plans. A pass over 400,000 entries takes about 150 ms of one processor. Times are seconds of CLOCK_MONOTONIC, as the
// packet program notes them. Limits: ginnel_flow_idle_limit_s in abi/flow.h.
#pragma once

#include <cstdint>
#include <set>
#include <utility>

#include "dataplane/tables.h"

namespace ginnel::dataplane {

struct CollectReport {
  size_t entries = 0;  // seen, two a flow
  size_t removed = 0;
};

// Removes the flows that were silent in both directions for longer than their limit: both entries together. An entry
// whose other half is missing is judged alone.
Result<CollectReport> collect_flows(Map<ginnel_flow_key, ginnel_flow>& flows, uint32_t now_s);

// What has gone, so that its flows have to.
struct Gone {
  std::set<plan::LinkNumber> links;
  std::set<std::pair<plan::VpcNumber, IpAddress>> ports;
  [[nodiscard]] bool empty() const { return links.empty() && ports.empty(); }
};

// TCP flows are marked, so that both ends get a reset at the next packet; others are removed. Returns the entries.
Result<size_t> cut_flows(Map<ginnel_flow_key, ginnel_flow>& flows, const Gone& gone);

// Of CLOCK_MONOTONIC.
[[nodiscard]] uint32_t monotonic_seconds();

}  // namespace ginnel::dataplane
