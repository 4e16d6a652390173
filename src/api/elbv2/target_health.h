// ELBv2 DescribeTargetHealth: what the probes found (model::Target), seen with how the target is used.
// Source of states, reason codes and descriptions: ELBv2 TargetHealth.
#pragma once

#include "api/call.h"
#include "generated/elbv2.h"

namespace ginnel::api {

// Targets that are asked for by id alone are those of every port.
aws::ApiResult<elbv2::DescribeTargetHealthResponse> describe_target_health(
    const Call& call, const elbv2::DescribeTargetHealthRequest& request);

}  // namespace ginnel::api
