// What creating and modifying an endpoint have in common: the checks of parameters that both take.
#pragma once

#include <string>
#include <string_view>

#include "api/call.h"

namespace ginnel::api {

inline constexpr size_t kMaxEndpointPolicyLength = 20'480;  // characters

// Whether the endpoint may answer for the service's private names in its VPC. `endpoint_id` is empty for a new one.
aws::ApiStatus check_private_dns(const Call& call, const model::Vpc& vpc, const model::Service& service,
                                 std::string_view endpoint_id);
// The part of it that other endpoints may spoil: none in the VPC answers for a private name of the service.
aws::ApiStatus check_names_free(const Call& call, std::string_view vpc_id, const model::Service& service,
                                std::string_view endpoint_id);

// Only the region's own services look at policies.
aws::ApiStatus check_takes_policy(const model::VpcEndpoint& endpoint);
// A JSON object with a Statement, not too long.
aws::ApiStatus check_policy(std::string_view document);
// The policy of an endpoint that was given none: everything is allowed.
[[nodiscard]] std::string_view default_policy();

}  // namespace ginnel::api
