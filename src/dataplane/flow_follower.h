// What flows opened and ended between one reading of the flow map and the next.
//
// It sees what the readings show and nothing between them. The map keeps a flow for 30 s or longer after its last
// packet (ginnel_flow_idle_limit_s), so a flow is missed only where it opens and is cut between two readings, or where
// its ends open it anew on the same ports within one. About 150 bytes a flow. One thread; pure.
#pragma once

#include <cstdint>
#include <functional>
#include <unordered_map>

#include "dataplane/flow_view.h"

namespace ginnel::dataplane {

enum class FlowEventKind : uint8_t { opened, ended };

struct FlowEvent {
  FlowEventKind kind = FlowEventKind::opened;
  // Of an end: "closed", "reset"; "idle": it was removed after its limit; "cut"; "replaced": opened anew on the same
  // ports; "gone": taken away for another reason.
  const char* why = "";
  const Flow* flow = nullptr;  // as last seen; for the time of the call
};

class FlowFollower {
 public:
  using Tell = std::function<void(const FlowEvent&)>;

  // A reading: begin, each flow, end. What the first one shows was there before and is no event.
  void begin(uint32_t now_s);
  void see(const Flow& flow, const Tell& tell);
  void end(const Tell& tell);

  [[nodiscard]] size_t size() const { return known_.size(); }

 private:
  struct Known {
    Flow flow;
    uint32_t seen_s = 0;  // the time of the reading
    uint64_t reading = 0;
    bool told_end = false;
  };
  void tell_end(Known& known, const char* why, const Tell& tell);
  [[nodiscard]] const char* why_gone(const Known& known) const;

  std::unordered_map<uint64_t, Known> known_;  // by the flow's id
  uint64_t reading_ = 0;
  uint32_t now_s_ = 0;
};

}  // namespace ginnel::dataplane
