// ELBv2 DescribeAccountLimits and DescribeCapacityReservation.
#pragma once

#include "api/call.h"
#include "generated/elbv2.h"

namespace ginnel::api {

// The limits that the actions keep, by the names of AWS.
aws::ApiResult<elbv2::DescribeAccountLimitsResponse> describe_account_limits(
    const Call& call, const elbv2::DescribeAccountLimitsRequest& request);
// Clients ask by habit; no load balancer has any capacity reserved.
aws::ApiResult<elbv2::DescribeCapacityReservationResponse> describe_capacity_reservation(
    const Call& call, const elbv2::DescribeCapacityReservationRequest& request);

}  // namespace ginnel::api
