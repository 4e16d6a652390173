// ModifyVpcEndpoint: adds to and removes from what the endpoint has; what the request leaves out stays.
#pragma once

#include "api/call.h"
#include "generated/ec2.h"

namespace ginnel::api {

// The endpoint passes through pending, also where nothing of its path changes.
ActionResult<ec2::ModifyVpcEndpointResponse> modify_vpc_endpoint(const Call& call,
                                                                 const ec2::ModifyVpcEndpointRequest& request);

}  // namespace ginnel::api
