// Health check settings of target groups, as requests give them.
// Source: ELBv2 CreateTargetGroup, "Health checks for Network Load Balancer target groups".
#pragma once

#include "api/call.h"
#include "generated/elbv2.h"

namespace ginnel::api {

inline constexpr std::string_view kTrafficPort = "traffic-port";

// The settings of a new group: those of the request, else the defaults of the health check's protocol.
aws::ApiResult<model::HealthCheck> new_health_check(const elbv2::CreateTargetGroupRequest& request);
// The settings after a change; what the request does not name stays, unless the new protocol has no such thing.
aws::ApiResult<model::HealthCheck> changed_health_check(const model::HealthCheck& now,
                                                        const elbv2::ModifyTargetGroupRequest& request);

}  // namespace ginnel::api
