// The region's facts and its services, made from the configuration.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "model/region.h"
#include "planner/plan.h"

namespace ginnel::daemon {

inline constexpr uint16_t kApiPort = 443;  // on the system address

// What the configuration offers, and how it is reached on the system address.
struct Catalogue {
  model::Region region;
  std::vector<plan::RelayService> relayed;
};

// The built-in services end at the API's port. Each other one gets a port of the relay, 20000–29999, made from its
// name, so that it keeps its port when other services come and go.
[[nodiscard]] Catalogue make_catalogue(const config::Config& config);

// The names in a service's certificate: its private names and those of its endpoints.
[[nodiscard]] std::vector<std::string> certificate_names(const model::Region& region, const model::Service& service);

}  // namespace ginnel::daemon
