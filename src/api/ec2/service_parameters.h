// What creating and modifying an endpoint service have in common: checks of parameters that both take.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"

namespace ginnel::api {

// A service can be reached from its own region. `parameter` is the list's name in the request.
inline aws::ApiStatus check_regions(const Call& call, const std::vector<std::string>& regions,
                                    std::string_view parameter) {
  for (const auto& region : regions) {
    if (region != call.region.name) return aws::unsupported_value(parameter, region);
  }
  return {};
}

}  // namespace ginnel::api
