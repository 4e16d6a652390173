// Flows that are over: removal of idle ones, and cutting those of links and ports that are gone.
//
// The functions read and write the flow map and the counters of what ended alone and may run on a thread of their own,
// beside the one that applies plans. A pass over 400,000 entries takes about 150 ms of one processor. Times are seconds
// of CLOCK_MONOTONIC, as the packet program notes them. Limits: ginnel_flow_idle_limit_s in abi/flow.h.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "dataplane/flow_end.h"
#include "dataplane/flow_marks.h"
#include "dataplane/tables.h"

namespace ginnel::dataplane {

struct CollectReport {
  size_t entries = 0;  // seen, two a flow
  size_t removed = 0;
};

// Removes the flows that were silent in both directions for longer than their limit: both entries together. An entry
// whose other half is missing is judged alone.
Result<CollectReport> collect_flows(const Map<ginnel_flow_key, ginnel_flow>& flows, FlowEnder& ender, uint32_t now_s);

// Removes what is remembered of PROXY headers that no flow is waiting for any more (abi/proxy.h); to be called after
// collect_flows. Returns how many.
Result<size_t> collect_proxies(Map<ginnel_flow_key, ginnel_proxy>& proxies,
                               const Map<ginnel_flow_key, ginnel_flow>& flows, uint32_t now_s);

// A link as its flows name it.
struct FlowLink {
  plan::VpcNumber vpc = 0;  // of the opener; 0 of a probe
  LinkKey key;
  plan::LinkNumber number = 0;  // 0 of a probe
  friend auto operator<=>(const FlowLink&, const FlowLink&) = default;
};

// What has gone, so that its flows have to.
struct Gone {
  std::set<plan::LinkNumber> numbers;  // every link of the number
  std::set<std::pair<plan::VpcNumber, IpAddress>> ports;
  std::set<FlowLink> links;
  std::set<plan::TargetNumber> targets;
  [[nodiscard]] bool empty() const { return numbers.empty() && ports.empty() && links.empty() && targets.empty(); }
};

// The link that a flow goes through, from one of its entries; none inside a VPC.
[[nodiscard]] std::optional<FlowLink> link_of(const ginnel_flow_key& key, const ginnel_flow& flow);

// TCP flows are marked, so that both ends get a reset at the next packet (nudge.h makes them send one); others are
// removed.
Result<MarkReport> cut_flows(const Map<ginnel_flow_key, ginnel_flow>& flows, FlowEnder& ender, const Gone& gone);

// Of CLOCK_MONOTONIC.
[[nodiscard]] uint32_t monotonic_seconds();

}  // namespace ginnel::dataplane
