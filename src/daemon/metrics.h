// The metrics of a region: what `/metrics` answers. docs/monitoring.md lists them.
//
// Endpoints and services have the names and dimensions of CloudWatch (AWS/PrivateLinkEndpoints,
// AWS/PrivateLinkServices) in snake case; what else there is begins with "ginnel_". A series is there, as 0, as soon as
// its endpoint, service or interface is. The order is stable: families as listed, samples by their ids. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "dataplane/counts.h"
#include "model/region.h"
#include "model/snapshot.h"
#include "planner/plan.h"

namespace ginnel::daemon {

// What the data plane has counted.
struct PathReading {
  dataplane::Counts counts;
  dataplane::DropsByReason drops;  // of the whole host; reasons without any may be left out
  std::map<plan::BalancerNumber, uint64_t> port_errors;
  uint64_t flow_limit = 0;  // flows that the table has room for
};

[[nodiscard]] std::string metrics_text(const model::Snapshot& snapshot, const model::Region& region,
                                       const PathReading& reading);

}  // namespace ginnel::daemon
