#include "model/health.h"

#include <map>

namespace ginnel::model {

Change health_changed(const Snapshot& newest, const std::vector<HealthFinding>& findings, WallTime now) {
  std::map<std::string_view, const HealthFinding*> last;
  for (const auto& finding : findings) last[finding.target] = &finding;
  Change change;
  for (const auto& [id, finding] : last) {
    const auto* target = newest.find<Target>(id);
    if (!target) continue;
    Target next = *target;
    next.health = finding->healthy ? "healthy" : "unhealthy";
    if (next.health == target->health) continue;
    next.reason = finding->healthy ? "" : finding->reason;
    next.description = finding->healthy ? "" : finding->description;
    next.health_changed = now.time_since_epoch().count();
    change.put(std::move(next));
  }
  return change;
}

}  // namespace ginnel::model
