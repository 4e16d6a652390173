#include "dataplane/flow_follower.h"

namespace ginnel::dataplane {
namespace {

// The same ports, but not the flow that was seen there: counters never go back, nor does an end.
bool is_another(const Flow& before, const Flow& now) {
  return now.packets_sent < before.packets_sent || (before.ended() && !now.ended());
}

}  // namespace

void FlowFollower::begin(uint32_t now_s) {
  ++reading_;
  now_s_ = now_s;
}

void FlowFollower::see(const Flow& flow, const Tell& tell) {
  const auto [found, is_new] = known_.try_emplace(flow.id);
  Known& known = found->second;
  const bool replaced = !is_new && is_another(known.flow, flow);
  if (replaced) tell_end(known, "replaced", tell);
  if (is_new || replaced) known.told_end = false;
  known.flow = flow;
  known.seen_s = now_s_;
  known.reading = reading_;
  if (reading_ == 1) {
    known.told_end = flow.ended();
    return;
  }
  if (is_new || replaced) tell({FlowEventKind::opened, "", &known.flow});
  if (flow.ended()) tell_end(known, name_of(flow.state), tell);
}

void FlowFollower::end(const Tell& tell) {
  for (auto at = known_.begin(); at != known_.end();) {
    if (at->second.reading == reading_) {
      ++at;
      continue;
    }
    tell_end(at->second, why_gone(at->second), tell);
    at = known_.erase(at);
  }
}

void FlowFollower::tell_end(Known& known, const char* why, const Tell& tell) {
  if (known.told_end) return;
  known.told_end = true;
  tell({FlowEventKind::ended, why, &known.flow});
}

const char* FlowFollower::why_gone(const Known& known) const {
  if (known.flow.cut) return "cut";
  return known.flow.idle_s + (now_s_ - known.seen_s) >= known.flow.idle_limit_s ? "idle" : "gone";
}

}  // namespace ginnel::dataplane
