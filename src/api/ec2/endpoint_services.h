// DescribeVpcEndpointServices: the services that the caller can make endpoints for.
#pragma once

#include "api/call.h"
#include "generated/ec2.h"

namespace ginnel::api {

aws::ApiResult<ec2::DescribeVpcEndpointServicesResponse> describe_vpc_endpoint_services(
    const Call& call, const ec2::DescribeVpcEndpointServicesRequest& request);

}  // namespace ginnel::api
