// The security groups of load balancers.
#pragma once

#include <string>
#include <vector>

#include "api/call.h"

namespace ginnel::api {

// The groups that a request names, each once; none is none. InvalidSecurityGroup for those that are not of the VPC.
aws::ApiResult<std::vector<std::string>> resolve_balancer_groups(const Call& call, const std::string& vpc_id,
                                                                 const std::vector<std::string>& wanted);

}  // namespace ginnel::api
