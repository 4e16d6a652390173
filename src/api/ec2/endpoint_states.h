// Endpoint states, as they are on the wire (semantics: camelCase), and what they mean for the API.
#pragma once

#include "model/resources.h"

namespace ginnel::api {

// One that is deleting holds its private names until its path is gone.
[[nodiscard]] inline bool holds_names(const model::VpcEndpoint& endpoint) {
  return endpoint.state == "pendingAcceptance" || endpoint.state == "pending" || endpoint.state == "available" ||
         endpoint.state == "deleting";
}

// It is connected to its service, or waits to be: it counts as one of the service's connections.
[[nodiscard]] inline bool is_connected(const model::VpcEndpoint& endpoint) {
  return endpoint.state == "pendingAcceptance" || endpoint.state == "pending" || endpoint.state == "available";
}

[[nodiscard]] inline bool is_modifiable(const model::VpcEndpoint& endpoint) { return is_connected(endpoint); }

}  // namespace ginnel::api
