// What creating and modifying an endpoint service have in common: checks of parameters that both take.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"

namespace ginnel::api {

// IPv4 is what there is. `parameter` is the list's name in the request.
inline aws::ApiStatus check_address_types(const std::vector<std::string>& types, std::string_view parameter) {
  for (const auto& type : types) {
    if (type == "ipv6") return aws::unsupported_value(parameter, type);
    if (type != "ipv4") return aws::invalid_value(parameter, type, "Address types are ipv4 and ipv6.");
  }
  return {};
}

// A service can be reached from its own region.
inline aws::ApiStatus check_regions(const Call& call, const std::vector<std::string>& regions,
                                    std::string_view parameter) {
  for (const auto& region : regions) {
    if (region != call.region.name) return aws::unsupported_value(parameter, region);
  }
  return {};
}

}  // namespace ginnel::api
