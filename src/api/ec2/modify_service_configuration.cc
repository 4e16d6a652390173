#include "api/ec2/modify_service_configuration.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "api/ec2/address_types.h"
#include "api/ec2/service_balancers.h"
#include "api/ec2/service_parameters.h"
#include "api/ec2/service_private_name.h"
#include "api/lookup.h"

namespace ginnel::api {
namespace {

using Request = ec2::ModifyVpcEndpointServiceConfigurationRequest;

aws::ApiError invalid(std::string_view text) { return aws::api_error("InvalidParameter", text); }

aws::ApiStatus check_parameters(const Call& call, const Request& request) {
  GINNEL_CHECKED(check_address_types(request.add_supported_ip_address_types, "AddSupportedIpAddressType"));
  GINNEL_CHECKED(check_address_types(request.remove_supported_ip_address_types, "RemoveSupportedIpAddressType"));
  GINNEL_CHECKED(check_regions(call, request.add_supported_regions, "AddSupportedRegion"));
  GINNEL_CHECKED(check_regions(call, request.remove_supported_regions, "RemoveSupportedRegion"));
  if (!request.remove_supported_regions.empty()) {
    return invalid(fmt::format("The Region {} of the service itself cannot be removed.", call.region.name));
  }
  if (request.private_dns_name && request.remove_private_dns_name.value_or(false)) {
    return aws::invalid_combination("PrivateDnsName and RemovePrivateDnsName cannot be used in one request");
  }
  return {};
}

aws::ApiStatus remove_balancers(const Call& call, const Request& request, model::EndpointService& service) {
  for (const auto& arn : request.remove_network_load_balancer_arns) {
    const auto& added = request.add_network_load_balancer_arns;
    if (std::find(added.begin(), added.end(), arn) != added.end()) {
      return aws::invalid_combination(fmt::format("The load balancer {} is both to be added and removed", arn));
    }
    const auto at = std::find(service.load_balancers.begin(), service.load_balancers.end(), arn);
    if (at == service.load_balancers.end()) {
      return invalid(fmt::format("The load balancer {} is not one of the VPC endpoint service {}", arn, service.id));
    }
    const auto connections = connections_of(call.snapshot, service, arn);
    if (!connections.empty()) return existing_connections(connections);
    service.load_balancers.erase(at);
  }
  return {};
}

aws::ApiStatus change_balancers(const Call& call, const Request& request, model::EndpointService& service) {
  GINNEL_CHECKED(remove_balancers(call, request, service));
  std::set<std::string> arns(service.load_balancers.begin(), service.load_balancers.end());
  for (const auto& arn : request.add_network_load_balancer_arns) {
    GINNEL_CHECKED(find_own_balancer(call, arn));
    arns.insert(arn);
  }
  if (arns.empty()) {
    return invalid(fmt::format("The VPC endpoint service {} must keep at least one load balancer", service.id));
  }
  service.load_balancers.assign(arns.begin(), arns.end());
  service.zones = zones_of(call.snapshot, service.load_balancers);
  return {};
}

// A type that a connected endpoint has cannot go.
aws::ApiStatus change_address_types(const Call& call, const Request& request, model::EndpointService& service) {
  for (const auto& type : request.add_supported_ip_address_types) (type == "ipv4" ? service.ipv4 : service.ipv6) = true;
  for (const auto& type : request.remove_supported_ip_address_types) {
    const auto& added = request.add_supported_ip_address_types;
    if (std::find(added.begin(), added.end(), type) != added.end()) {
      return aws::invalid_combination(fmt::format("The IP address type {} is both to be added and removed", type));
    }
    auto connections = connections_of(call.snapshot, service);
    connections.erase(std::remove_if(connections.begin(), connections.end(),
                                     [&](const auto* endpoint) {
                                       return !(type == "ipv4" ? has_ipv4(*endpoint) : has_ipv6(*endpoint));
                                     }),
                      connections.end());
    if (!connections.empty()) return existing_connections(connections);
    (type == "ipv4" ? service.ipv4 : service.ipv6) = false;
  }
  if (!service.ipv4 && !service.ipv6) {
    return invalid(fmt::format("The VPC endpoint service {} must keep at least one IP address type", service.id));
  }
  return check_balancers_support(call, service);
}

}  // namespace

ActionResult<ec2::ModifyVpcEndpointServiceConfigurationResponse> modify_service_configuration(const Call& call,
                                                                                              const Request& request) {
  GINNEL_TRY(const auto* found, find_owned<model::EndpointService>(call, *request.service_id));
  GINNEL_CHECKED(check_parameters(call, request));
  model::EndpointService service = *found;
  GINNEL_CHECKED(change_balancers(call, request, service));
  GINNEL_CHECKED(change_address_types(call, request, service));
  if (request.private_dns_name) {
    GINNEL_TRY(const std::string name, parse_private_name(*request.private_dns_name));
    set_private_name(call, service, name);
  }
  if (request.remove_private_dns_name.value_or(false)) remove_private_name(service);
  service.acceptance_required = request.acceptance_required.value_or(service.acceptance_required);

  Done<ec2::ModifyVpcEndpointServiceConfigurationResponse> done;
  if (!(service == *found)) done.change.put(std::move(service));
  done.response.return_ = true;
  return done;
}

ActionResult<ec2::ModifyVpcEndpointServicePayerResponsibilityResponse> modify_payer_responsibility(
    const Call& call, const ec2::ModifyVpcEndpointServicePayerResponsibilityRequest& request) {
  GINNEL_TRY(const auto* found, find_owned<model::EndpointService>(call, *request.service_id));
  Done<ec2::ModifyVpcEndpointServicePayerResponsibilityResponse> done;
  model::EndpointService service = *found;
  service.payer_responsibility = *request.payer_responsibility;
  if (!(service == *found)) done.change.put(std::move(service));
  done.response.return_value = true;
  return done;
}

}  // namespace ginnel::api
