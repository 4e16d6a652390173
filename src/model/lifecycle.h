// What becomes of resources once the state that they are in has been applied, or has been shown for long enough.
//
// Pure functions that make the Change to commit; an empty Change means that there is nothing to do.
#pragma once

#include <chrono>
#include <string_view>

#include "base/clock.h"
#include "model/snapshot.h"

namespace ginnel::model {

// The plan of the VPC made from `applied` stands in the kernel and in the resolver. What that means for `newest`:
//   endpoint  pending → available;  deleting → gone, with its interfaces, notifications and tags
//   load balancer  provisioning → active
//   target    its registration ends, its health checks begin
//   prefix list  its version is in force in the VPC; in all of them: …-in-progress → …-complete
//   instance  pending → running;  shutting-down → terminated, its interface gone, or detached where it is to stay
// Only resources that are the same in both are touched, their interfaces included: what has changed since is not in
// force yet, and is judged when the newer plan is applied.
[[nodiscard]] Change mark_applied(const Snapshot& applied, const Snapshot& newest, std::string_view vpc_id,
                                  WallTime now);

// Terminated instances are shown for an hour.
inline constexpr std::chrono::hours kTerminatedShown{1};
// Answers to a ClientToken are kept for a day.
inline constexpr std::chrono::hours kClientTokenKept{24};

// Takes away what has been kept long enough: terminated instances with their targets, targets that have drained for
// their group's deregistration delay (or that nothing can use), old tokens. Cheap where there is nothing to do.
[[nodiscard]] Change purge(const Snapshot& newest, WallTime now);

}  // namespace ginnel::model
