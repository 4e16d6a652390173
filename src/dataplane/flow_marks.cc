#include "dataplane/flow_marks.h"

#include <utility>

namespace ginnel::dataplane {
namespace {

bool is_marked(const ginnel_flow& flow) { return (flow.flags & GINNEL_FLOW_CUT) != 0; }

// False where the entry is gone or marked already.
Result<bool> mark(Map<ginnel_flow_key, ginnel_flow>& flows, const ginnel_flow_key& key, MarkReport& report) {
  GINNEL_TRY(auto flow, flows.get(key));
  if (!flow || is_marked(*flow)) return false;
  flow->flags |= GINNEL_FLOW_CUT;
  GINNEL_TRY(const bool there, flows.replace(key, *flow));
  if (there && key.protocol == GINNEL_TCP) report.tcp.emplace_back(key, *flow);
  return there;
}

}  // namespace

Result<MarkReport> mark_flows(Map<ginnel_flow_key, ginnel_flow>& flows, const FlowPredicate& which) {
  MarkReport report;
  std::vector<std::pair<ginnel_flow_key, ginnel_flow_key>> found;
  GINNEL_CHECKED(flows.for_each([&](const ginnel_flow_key& key, const ginnel_flow& flow) {
    if (!is_marked(flow) && which(key, flow)) found.emplace_back(key, ginnel_flow_partner(&key, &flow));
  }));
  for (const auto& [key, partner] : found) {
    GINNEL_TRY(const bool one, mark(flows, key, report));
    GINNEL_TRY(const bool other, mark(flows, partner, report));
    report.flows += one || other ? 1 : 0;
  }
  return report;
}

}  // namespace ginnel::dataplane
