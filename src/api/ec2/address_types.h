// IP address types of endpoints and of the services that they lead to, and the record types of endpoints' names.
//
// An endpoint has interfaces with IPv4 addresses, IPv6 addresses or both, where its service supports them and every
// subnet has them. Which records its names get: "IP address types" and "DNS record IP type" of the PrivateLink guide.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"
#include "generated/ec2.h"

namespace ginnel::api {

[[nodiscard]] inline bool has_ipv4(const model::VpcEndpoint& endpoint) { return endpoint.ip_address_type != "ipv6"; }
[[nodiscard]] inline bool has_ipv6(const model::VpcEndpoint& endpoint) { return endpoint.ip_address_type != "ipv4"; }

// "ipv4", "ipv6": what a service (model::Service, model::EndpointService) supports.
template <typename T>
[[nodiscard]] std::vector<std::string> address_types_of(const T& service) {
  std::vector<std::string> out;
  if (service.ipv4) out.emplace_back("ipv4");
  if (service.ipv6) out.emplace_back("ipv6");
  return out;
}

// What a new endpoint gets where the request says nothing.
void set_default_types(const model::Service& service, model::VpcEndpoint& endpoint);
// Sets both types as the request wants them. An address type of its own choice brings its own default of the records.
aws::ApiStatus set_types(const model::Service& service, const std::optional<std::string>& address_type,
                         const std::optional<ec2::DnsOptionsSpecification>& dns_options, model::VpcEndpoint& endpoint);

// Of a service: each is ipv4 or ipv6. `parameter` is the list's name in the request.
aws::ApiStatus check_address_types(const std::vector<std::string>& types, std::string_view parameter);
// What the service supports is supported by every load balancer: IPv6 by those of two families only.
aws::ApiStatus check_balancers_support(const Call& call, const model::EndpointService& service);

}  // namespace ginnel::api
