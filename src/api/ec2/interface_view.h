// What the API shows of an interface beyond what is stored.
#pragma once

#include <string>
#include <string_view>

#include "api/call.h"

namespace ginnel::api {

// Who asks for and holds the interfaces of endpoints.
inline constexpr std::string_view kEndpointRequester = "amazon-vpc-endpoints";
inline constexpr std::string_view kEndpointInstanceOwner = "amazon-aws";

[[nodiscard]] inline bool is_attached(const model::NetworkInterface& interface) {
  return !interface.attachment.empty();
}
// An instance's only interface is 0; those of endpoints show 1.
[[nodiscard]] inline int device_index(const model::NetworkInterface& interface) {
  return interface.endpoint.empty() ? 0 : 1;
}
[[nodiscard]] inline bool goes_with_instance(const model::NetworkInterface& interface) {
  return interface.endpoint.empty() && interface.delete_on_termination;
}
[[nodiscard]] inline std::string instance_owner(const model::NetworkInterface& interface) {
  return interface.endpoint.empty() ? interface.account : std::string(kEndpointInstanceOwner);
}
[[nodiscard]] inline std::string zone_id(const Call& call, std::string_view zone_name) {
  const auto* zone = call.region.zone(zone_name);
  return zone != nullptr ? zone->id : std::string();
}

}  // namespace ginnel::api
