// The flows of a region as the running packet program has them, for other processes than the daemon: it need not run.
//
// See running_tables.h. One thread. Needs CAP_NET_RAW to cut.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>

#include "base/ip.h"
#include "base/result.h"
#include "dataplane/flow_filter.h"
#include "dataplane/flow_view.h"
#include "dataplane/running.h"
#include "dataplane/tables.h"

namespace ginnel::dataplane {

// What the maps themselves say of the numbers in flows: less than the daemon knows.
struct KernelNames {
  std::map<std::string, FlowInterface> interfaces;    // those with a port on this host
  std::map<plan::LinkNumber, std::string> endpoints;  // those of endpoint services
};

class RunningFlows {
 public:
  // An Error where no program of the region runs in this network namespace, or one of another layout.
  static Result<RunningFlows> open(const std::string& tag);

  // Every flow of the filter, in no order; flows that open and end meanwhile may be left out. Ends early with the Error
  // that `each` gives. Reads some thousand at a time, whatever the number of all.
  Status read(const FlowFilter& filter, uint32_t now_s, const std::function<Status(const Flow&)>& each) const;

  // Ends the flows of the filter and says how many. Both ends of a TCP connection are reset, at once where they can be
  // reached; of other protocols the next packet is dropped and the flow forgotten. New flows are opened as before.
  Result<size_t> cut(const FlowFilter& filter, uint32_t now_s);

  [[nodiscard]] Result<KernelNames> names() const;

 private:
  RunningProgram program_;
  Tables tables_;
};

}  // namespace ginnel::dataplane
