// What the probes found, as a Change. Pure.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "model/snapshot.h"

namespace ginnel::model {

struct HealthFinding {
  std::string target;  // id of the Target
  bool healthy = false;
  std::string reason, description;  // of an unhealthy one, as the API says them (TargetHealth)
};

// Sets the health of the targets. One that is gone, or has that health already, is left out; of several findings for
// one target the last counts.
[[nodiscard]] Change health_changed(const Snapshot& newest, const std::vector<HealthFinding>& findings, WallTime now);

}  // namespace ginnel::model
