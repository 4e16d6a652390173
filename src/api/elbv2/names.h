// Names of load balancers and target groups.
#pragma once

#include <string_view>

#include "aws/error.h"

namespace ginnel::api {

// 1 to 32 letters, digits and hyphens, none at an end. `noun` is "Load balancer" or "Target group".
aws::ApiStatus check_elb_name(std::string_view noun, std::string_view name);

}  // namespace ginnel::api
