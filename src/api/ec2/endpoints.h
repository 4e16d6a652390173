// DescribeVpcEndpoints, and an endpoint in other answers.
#pragma once

#include "api/call.h"
#include "generated/ec2.h"

namespace ginnel::api {

aws::ApiResult<ec2::DescribeVpcEndpointsResponse> describe_vpc_endpoints(
    const Call& call, const ec2::DescribeVpcEndpointsRequest& request);

[[nodiscard]] ec2::VpcEndpoint to_wire(const Call& call, const model::VpcEndpoint& endpoint);

}  // namespace ginnel::api
