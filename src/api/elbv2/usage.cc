#include "api/elbv2/usage.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "api/elbv2/errors.h"

namespace ginnel::api {

std::vector<std::string> balancers_of(const model::Snapshot& snapshot, const model::TargetGroup& group) {
  std::set<std::string> arns;
  for (const auto* listener : snapshot.table<model::Listener>().referring_to(group.id)) {
    arns.insert(listener->load_balancer);
  }
  return {arns.begin(), arns.end()};
}

aws::ApiStatus check_target_count(const model::Snapshot& snapshot, std::string_view balancer_arn, size_t more,
                                  std::string_view without) {
  std::set<std::string> groups;
  for (const auto* listener : snapshot.table<model::Listener>().referring_to(balancer_arn)) {
    if (listener->target_group != without) groups.insert(listener->target_group);
  }
  size_t count = more;
  for (const auto& group : groups) count += snapshot.table<model::Target>().referring_to(group).size();
  if (count <= kMaxTargets) return {};
  return aws::api_error("TooManyTargets",
                        fmt::format("The load balancer '{}' can have at most {} targets, and would have {}.",
                                    balancer_arn, kMaxTargets, count));
}

aws::ApiStatus check_elb_port(std::string_view parameter, int port) {
  if (port >= 1 && port <= 65535) return {};
  return bad_value(parameter, fmt::to_string(port), "It must be from 1 to 65535.");
}

}  // namespace ginnel::api
