// The mark of a cut flow, set for whichever flows one likes.
#pragma once

#include <functional>
#include <vector>

#include "abi/flow.h"
#include "base/result.h"
#include "dataplane/flow_end.h"
#include "dataplane/maps.h"

namespace ginnel::dataplane {

// Says the same of both entries of a flow.
using FlowPredicate = std::function<bool(const ginnel_flow_key& key, const ginnel_flow& flow)>;

struct MarkReport {
  size_t flows = 0;                  // that were marked
  std::vector<ginnel_flow_key> tcp;  // an entry of each that may have been, for the Nudger
};

// What becomes of flows that have no reset: their next packet is dropped and takes them away, or they go at once.
enum class Resetless : uint8_t { mark, end };

// Marks the flows as cut: their next packet is dropped, TCP's ends are reset, and the program takes the entries away
// (abi/flow.h). Flows that are marked already are left out. Flows are looked for before the first is marked, so that
// none is met that was opened because of it. Holds 44 bytes a flow.
Result<MarkReport> mark_flows(const Map<ginnel_flow_key, ginnel_flow>& flows, FlowEnder& ender,
                              const FlowPredicate& which, Resetless resetless);

}  // namespace ginnel::dataplane
