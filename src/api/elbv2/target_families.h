// IP address types of target groups and load balancers that go together.
#pragma once

#include <fmt/format.h>

#include "api/call.h"
#include "api/elbv2/errors.h"

namespace ginnel::api {

// IPv6 targets see the load balancer's IPv6 addresses, so it must have some.
inline aws::ApiStatus check_families(const model::TargetGroup& group, const model::LoadBalancer& balancer) {
  if (group.ip_address_type == "ipv4" || balancer.ip_address_type == "dualstack") return {};
  return bad_configuration(
      fmt::format("The target group '{}' with IP address type '{}' cannot be used by the load balancer '{}' with IP "
                  "address type '{}'",
                  group.id, group.ip_address_type, balancer.id, balancer.ip_address_type));
}

}  // namespace ginnel::api
