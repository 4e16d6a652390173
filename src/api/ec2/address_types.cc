#include "api/ec2/address_types.h"

#include <fmt/format.h>

namespace ginnel::api {
namespace {

aws::ApiError invalid(std::string_view text) { return aws::api_error("InvalidParameter", text); }

bool goes_with(std::string_view record_type, std::string_view address_type) {
  return record_type == address_type || address_type == "dualstack";
}

aws::ApiStatus check_supported(const model::Service& service, const model::VpcEndpoint& endpoint) {
  if ((service.ipv4 || !has_ipv4(endpoint)) && (service.ipv6 || !has_ipv6(endpoint))) return {};
  return invalid(fmt::format("The VPC endpoint service {} does not support the IP address type {} (supports {})",
                             service.name, endpoint.ip_address_type, fmt::join(address_types_of(service), ", ")));
}

aws::ApiStatus check_other_options(const ec2::DnsOptionsSpecification& options) {
  if (options.private_dns_only_for_inbound_resolver_endpoint.value_or(false)) {
    return aws::unsupported_value("DnsOptions.PrivateDnsOnlyForInboundResolverEndpoint", "true");
  }
  if (options.private_dns_preference) return aws::unsupported_parameter("DnsOptions.PrivateDnsPreference");
  if (options.private_dns_specified_domains.empty()) return {};
  return aws::unsupported_parameter("DnsOptions.PrivateDnsSpecifiedDomain");
}

}  // namespace

void set_default_types(const model::Service& service, model::VpcEndpoint& endpoint) {
  endpoint.ip_address_type = service.ipv4 ? "ipv4" : "ipv6";
  endpoint.dns_record_ip_type = endpoint.ip_address_type;
}

aws::ApiStatus set_types(const model::Service& service, const std::optional<std::string>& address_type,
                         const std::optional<ec2::DnsOptionsSpecification>& dns_options, model::VpcEndpoint& endpoint) {
  if (dns_options) GINNEL_CHECKED(check_other_options(*dns_options));
  if (address_type && *address_type != endpoint.ip_address_type) {
    endpoint.ip_address_type = *address_type;
    endpoint.dns_record_ip_type = *address_type;
  }
  GINNEL_CHECKED(check_supported(service, endpoint));
  if (!dns_options || !dns_options->dns_record_ip_type) return {};
  endpoint.dns_record_ip_type = *dns_options->dns_record_ip_type;
  if (goes_with(endpoint.dns_record_ip_type, endpoint.ip_address_type)) return {};
  return invalid(fmt::format("The DnsRecordIpType {} does not go with the IpAddressType {}",
                             endpoint.dns_record_ip_type, endpoint.ip_address_type));
}

aws::ApiStatus check_address_types(const std::vector<std::string>& types, std::string_view parameter) {
  for (const auto& type : types) {
    if (type == "ipv4" || type == "ipv6") continue;
    return aws::invalid_value(parameter, type, "Address types are ipv4 and ipv6.");
  }
  return {};
}

aws::ApiStatus check_balancers_support(const Call& call, const model::EndpointService& service) {
  if (!service.ipv6) return {};
  for (const auto& arn : service.load_balancers) {
    const auto* balancer = call.snapshot.find<model::LoadBalancer>(arn);
    if (balancer == nullptr || balancer->ip_address_type == "dualstack") continue;
    return invalid(
        fmt::format("The load balancer {} with the IP address type {} does not support the IP address type "
                    "ipv6 of the VPC endpoint service; it must be dualstack",
                    arn, balancer->ip_address_type));
  }
  return {};
}

}  // namespace ginnel::api
