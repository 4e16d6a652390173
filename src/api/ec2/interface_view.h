// What the API shows of an interface beyond what is stored.
#pragma once

#include <string>
#include <string_view>

#include "api/call.h"

namespace ginnel::api {

// Who asks for and holds the interfaces of endpoints and load balancers.
inline constexpr std::string_view kEndpointRequester = "amazon-vpc-endpoints";
inline constexpr std::string_view kLoadBalancerRequester = "amazon-elb";
inline constexpr std::string_view kServiceInstanceOwner = "amazon-aws";

[[nodiscard]] inline std::string_view requester_of(const model::NetworkInterface& interface) {
  return interface.load_balancer.empty() ? kEndpointRequester : kLoadBalancerRequester;
}

[[nodiscard]] inline bool is_attached(const model::NetworkInterface& interface) {
  return !interface.attachment.empty();
}
// An instance's only interface is 0; those of endpoints and load balancers show 1.
[[nodiscard]] inline int device_index(const model::NetworkInterface& interface) {
  return interface.requester_managed ? 1 : 0;
}
[[nodiscard]] inline bool goes_with_instance(const model::NetworkInterface& interface) {
  return !interface.instance.empty() && interface.delete_on_termination;
}
[[nodiscard]] inline model::TimeMs attach_time(const model::NetworkInterface& interface) {
  return interface.port.kind.empty() ? interface.created : interface.port.attached;
}
[[nodiscard]] inline std::string instance_owner(const model::NetworkInterface& interface) {
  return interface.requester_managed ? std::string(kServiceInstanceOwner) : interface.account;
}
[[nodiscard]] inline std::string zone_id(const Call& call, std::string_view zone_name) {
  const auto* zone = call.region.zone(zone_name);
  return zone != nullptr ? zone->id : std::string();
}

}  // namespace ginnel::api
