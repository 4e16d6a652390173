// ELBv2 DescribeLoadBalancers.
#pragma once

#include "api/call.h"
#include "generated/elbv2.h"

namespace ginnel::api {

// The region has no load balancers yet, so one that is asked for by name or ARN is not found.
aws::ApiResult<elbv2::DescribeLoadBalancersResponse> describe_load_balancers(
    const Call& call, const elbv2::DescribeLoadBalancersRequest& request);

}  // namespace ginnel::api
