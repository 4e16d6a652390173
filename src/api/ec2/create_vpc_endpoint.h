// CreateVpcEndpoint: interface endpoints of the services that the region's configuration has.
#pragma once

#include "api/call.h"
#include "generated/ec2.h"

namespace ginnel::api {

inline constexpr size_t kMaxEndpointsPerVpc = 1000;

// The endpoint is pending until its path is applied (model/lifecycle.h). Policies are kept and shown; they are not
// judged yet. An empty one is none.
ActionResult<ec2::CreateVpcEndpointResponse> create_vpc_endpoint(const Call& call,
                                                                 const ec2::CreateVpcEndpointRequest& request);

}  // namespace ginnel::api
