#include "api/ec2/modify_vpc_endpoint.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/ec2/address_types.h"
#include "api/ec2/endpoint_checks.h"
#include "api/ec2/endpoint_interfaces.h"
#include "api/ec2/endpoint_states.h"
#include "api/ec2/interface_groups.h"
#include "api/ec2/service_access.h"
#include "api/ec2/service_balancers.h"
#include "api/lookup.h"

namespace ginnel::api {
namespace {

aws::ApiError invalid(std::string_view text) { return aws::api_error("InvalidParameter", text); }

aws::ApiStatus check_parameters(const ec2::ModifyVpcEndpointRequest& request) {
  if (!request.add_route_table_ids.empty() || !request.remove_route_table_ids.empty()) {
    return invalid("Route table IDs are only supported for Gateway type VPC endpoints");
  }
  if (request.reset_policy.value_or(false) && request.policy_document) {
    return aws::invalid_combination("PolicyDocument and ResetPolicy cannot be used in one request");
  }
  return request.policy_document ? check_policy(*request.policy_document) : aws::ApiStatus();
}

// In the zones where the endpoint can stand: those of the load balancer that serves it for its life.
aws::ApiResult<model::Service> endpoint_service(const Call& call, const model::VpcEndpoint& endpoint) {
  GINNEL_TRY(model::Service service, service_of(call, endpoint));
  const auto* balancer = call.snapshot.find<model::LoadBalancer>(endpoint.load_balancer);
  if (balancer != nullptr) narrow_zones(service, *balancer);
  return service;
}

aws::ApiStatus change_groups(const Call& call, const ec2::ModifyVpcEndpointRequest& request,
                             model::VpcEndpoint& endpoint) {
  std::vector<std::string> groups = endpoint.groups;
  for (const auto& id : request.remove_security_group_ids) {
    const auto found = std::find(groups.begin(), groups.end(), id);
    if (found == groups.end()) {
      return invalid(fmt::format("The security group {} is not one of the VPC endpoint {}", id, endpoint.id));
    }
    groups.erase(found);
  }
  groups.insert(groups.end(), request.add_security_group_ids.begin(), request.add_security_group_ids.end());
  if (groups.empty()) {
    return invalid(fmt::format("The VPC endpoint {} must keep at least one security group", endpoint.id));
  }
  GINNEL_TRY(endpoint.groups, resolve_groups(call, endpoint.vpc, groups));
  return {};
}

aws::ApiStatus change_private_dns(const Call& call, const ec2::ModifyVpcEndpointRequest& request,
                                  const model::Service& service, model::VpcEndpoint& endpoint) {
  if (!request.private_dns_enabled) return {};
  if (*request.private_dns_enabled) {
    GINNEL_TRY(const auto* vpc, find_owned<model::Vpc>(call, endpoint.vpc));
    GINNEL_CHECKED(check_private_dns(call, *vpc, service, endpoint.id));
  }
  endpoint.private_dns = *request.private_dns_enabled;
  return {};
}

}  // namespace

ActionResult<ec2::ModifyVpcEndpointResponse> modify_vpc_endpoint(const Call& call,
                                                                 const ec2::ModifyVpcEndpointRequest& request) {
  GINNEL_TRY(const auto* found, find_owned<model::VpcEndpoint>(call, *request.vpc_endpoint_id));
  GINNEL_CHECKED(check_parameters(request));
  if (!is_modifiable(*found)) {
    return aws::api_error("IncorrectState", fmt::format("The VPC endpoint {} can't be modified in the state {}",
                                                        found->id, found->state));
  }
  GINNEL_TRY(const model::Service service, endpoint_service(call, *found));

  model::VpcEndpoint endpoint = *found;
  GINNEL_CHECKED(set_types(service, request.ip_address_type, request.dns_options, endpoint));
  GINNEL_CHECKED(change_groups(call, request, endpoint));
  GINNEL_CHECKED(change_private_dns(call, request, service, endpoint));
  if (request.policy_document) GINNEL_CHECKED(check_takes_policy(endpoint));
  if (request.reset_policy.value_or(false)) endpoint.policy_document.clear();
  if (request.policy_document) endpoint.policy_document = *request.policy_document;
  if (endpoint.state == "available") endpoint.state = "pending";

  Done<ec2::ModifyVpcEndpointResponse> done;
  EndpointInterfaces interfaces(call, service, endpoint);
  GINNEL_CHECKED(interfaces.remove(request.remove_subnet_ids));
  GINNEL_CHECKED(interfaces.add(request.add_subnet_ids, request.subnet_configurations));
  interfaces.put(done.change);
  done.change.put(std::move(endpoint));
  done.response.return_ = true;
  return done;
}

}  // namespace ginnel::api
