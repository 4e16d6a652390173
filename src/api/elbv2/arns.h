// ARNs of load balancers, target groups and listeners, and what they name.
//
// A caller finds only what its own account has; what others have is "not found", as if it were not there.
#pragma once

#include <string>
#include <string_view>

#include "api/call.h"

namespace ginnel::api {

// How the ARNs of one kind look, and what errors call it.
struct ArnForm {
  std::string_view type;  // "loadbalancer/net"
  std::string_view noun;  // "load balancer"
  std::string_view not_found;
  std::string_view tag_type;  // of its tags in the store
};

template <typename T>
inline constexpr ArnForm kArnForm{};
template <>
inline constexpr ArnForm kArnForm<model::LoadBalancer>{"loadbalancer", "load balancer", "LoadBalancerNotFound",
                                                       "elasticloadbalancing:loadbalancer"};
template <>
inline constexpr ArnForm kArnForm<model::TargetGroup>{"targetgroup", "target group", "TargetGroupNotFound",
                                                      "elasticloadbalancing:targetgroup"};
template <>
inline constexpr ArnForm kArnForm<model::Listener>{"listener", "listener", "ListenerNotFound",
                                                   "elasticloadbalancing:listener"};

// Tags of these types belong to ELBv2 alone: EC2 does not show them.
inline constexpr std::string_view kElbTagTypes = "elasticloadbalancing:";

[[nodiscard]] std::string load_balancer_arn(const Call& call, std::string_view name);
[[nodiscard]] std::string target_group_arn(const Call& call, std::string_view name);
[[nodiscard]] std::string listener_arn(const Call& call, const model::LoadBalancer& balancer);
// "net/NAME/HEX16", as in the descriptions of its network interfaces.
[[nodiscard]] std::string arn_suffix(const model::LoadBalancer& balancer);

// "arn:PARTITION:elasticloadbalancing:…:TYPE/…"
[[nodiscard]] bool is_arn(const Call& call, const ArnForm& form, std::string_view arn);
[[nodiscard]] aws::ApiError malformed_arn(const ArnForm& form, std::string_view arn);
[[nodiscard]] aws::ApiError arn_not_found(const ArnForm& form, std::string_view arn);

// Valid while the call's snapshot lives.
template <typename T>
aws::ApiResult<const T*> find_by_arn(const Call& call, std::string_view arn) {
  if (!is_arn(call, kArnForm<T>, arn)) return malformed_arn(kArnForm<T>, arn);
  const T* found = call.snapshot.find<T>(arn);
  if (found == nullptr || found->account != call.account) return arn_not_found(kArnForm<T>, arn);
  return found;
}

}  // namespace ginnel::api
