// Who uses a target group, and the limits that follow from it.
#pragma once

#include <string>
#include <vector>

#include "aws/error.h"
#include "model/snapshot.h"

namespace ginnel::api {

// Of a target group, and of a load balancer with all its target groups.
inline constexpr size_t kMaxTargets = 3000;

// ARNs of the load balancers whose listeners forward to the group, each once. (One at most; see create_listener.)
[[nodiscard]] std::vector<std::string> balancers_of(const model::Snapshot& snapshot, const model::TargetGroup& group);
// TooManyTargets if the load balancer would have more than it may with `more` further targets; `without` is a group
// that is not counted.
aws::ApiStatus check_target_count(const model::Snapshot& snapshot, std::string_view balancer_arn, size_t more,
                                  std::string_view without = {});
// 1 to 65535.
aws::ApiStatus check_elb_port(std::string_view parameter, int port);

}  // namespace ginnel::api
