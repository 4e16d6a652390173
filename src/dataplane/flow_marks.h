// The mark of a cut flow, set for whichever flows one likes.
#pragma once

#include <functional>
#include <vector>

#include "abi/flow.h"
#include "base/result.h"
#include "dataplane/maps.h"

namespace ginnel::dataplane {

// Says the same of both entries of a flow.
using FlowPredicate = std::function<bool(const ginnel_flow_key& key, const ginnel_flow& flow)>;

struct MarkReport {
  size_t flows = 0;                                          // that were marked, each once
  std::vector<std::pair<ginnel_flow_key, ginnel_flow>> tcp;  // entries of them, for the Nudger
};

// Marks both entries of the flows as cut: their next packet is dropped, TCP's ends are reset, and the program takes the
// entries away (abi/flow.h). Flows that are marked already are left out. Packets that pass in the microsecond of the
// mark may be missing from the entry's counters.
Result<MarkReport> mark_flows(Map<ginnel_flow_key, ginnel_flow>& flows, const FlowPredicate& which);

}  // namespace ginnel::dataplane
