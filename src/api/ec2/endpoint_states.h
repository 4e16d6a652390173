// Endpoint states, as they are on the wire (semantics: camelCase), and what they mean for the API.
#pragma once

#include "model/resources.h"

namespace ginnel::api {

// One that is deleting holds its private names until its path is gone.
[[nodiscard]] inline bool holds_names(const model::VpcEndpoint& endpoint) {
  return endpoint.state == "pendingAcceptance" || endpoint.state == "pending" || endpoint.state == "available" ||
         endpoint.state == "deleting";
}

[[nodiscard]] inline bool is_modifiable(const model::VpcEndpoint& endpoint) {
  return endpoint.state == "pendingAcceptance" || endpoint.state == "pending" || endpoint.state == "available";
}

}  // namespace ginnel::api
