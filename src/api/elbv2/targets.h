// ELBv2 RegisterTargets, DeregisterTargets.
#pragma once

#include <string>
#include <string_view>

#include "api/call.h"
#include "generated/elbv2.h"

namespace ginnel::api {

// Targets that are registered already stay as they are; one that drains is registered anew, with another number.
ActionResult<elbv2::RegisterTargetsResponse> register_targets(const Call& call,
                                                              const elbv2::RegisterTargetsRequest& request);
// They drain for the group's deregistration delay; where no listener uses the group, they are gone at once.
ActionResult<elbv2::DeregisterTargetsResponse> deregister_targets(const Call& call,
                                                                  const elbv2::DeregisterTargetsRequest& request);

// To be called when a listener begins to use the group: what was found out about its targets before is forgotten,
// unless another listener uses it already.
void begin_checks(const Call& call, const model::TargetGroup& group, model::Change& change);

// The id of the model's Target.
[[nodiscard]] std::string target_key(const model::TargetGroup& group, std::string_view target, int port);

}  // namespace ginnel::api
