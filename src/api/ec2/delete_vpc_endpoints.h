// DeleteVpcEndpoints: each endpoint for itself; what can't be deleted is told in the answer.
#pragma once

#include "api/call.h"
#include "generated/ec2.h"

namespace ginnel::api {

// The endpoints are deleting until their path is gone, then they and their interfaces go (model/lifecycle.h).
ActionResult<ec2::DeleteVpcEndpointsResponse> delete_vpc_endpoints(const Call& call,
                                                                   const ec2::DeleteVpcEndpointsRequest& request);

}  // namespace ginnel::api
