#include "dataplane/flow_marks.h"

namespace ginnel::dataplane {
namespace {

using Flows = Map<ginnel_flow_key, ginnel_flow>;

bool is_marked(const ginnel_flow& flow) { return (flow.state & GINNEL_FLOW_CUT) != 0; }

// One key a flow: that of the opener's direction, of the other one where that is missing.
Result<std::vector<ginnel_flow_key>> find_flows(const Flows& flows, const FlowPredicate& which) {
  std::vector<ginnel_flow_key> out;
  Status status;
  GINNEL_CHECKED(flows.for_each([&](const ginnel_flow_key& key, const ginnel_flow& flow) {
    if (!status || is_marked(flow) || !which(key, flow)) return;
    if ((flow.flags & GINNEL_FLOW_REVERSE) != 0) {
      const auto forward = flows.get(ginnel_flow_partner(&key, &flow));
      if (!forward) status = tl::unexpected(forward.error());
      if (!forward || *forward) return;
    }
    out.push_back(key);
  }));
  GINNEL_CHECKED(status);
  return out;
}

}  // namespace

Result<MarkReport> mark_flows(const Flows& flows, FlowEnder& ender, const FlowPredicate& which, Resetless resetless) {
  MarkReport report;
  GINNEL_TRY(const auto found, find_flows(flows, which));
  std::vector<ginnel_flow_key> marked, ended;
  for (const auto& key : found) {
    GINNEL_TRY(const auto flow, flows.get(key));  // another may have taken its place
    if (!flow || !which(key, *flow)) continue;
    if (key.protocol == GINNEL_TCP) report.tcp.push_back(key);
    (key.protocol == GINNEL_TCP || resetless == Resetless::mark ? marked : ended).push_back(key);
  }
  GINNEL_TRY(report.flows, ender.mark(marked));
  GINNEL_CHECKED(ender.end(ended));
  report.flows += ended.size();
  return report;
}

}  // namespace ginnel::dataplane
