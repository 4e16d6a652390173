#include "api/ec2/create_vpc_endpoint.h"

#include <fmt/format.h>

#include <set>

#include "api/counter.h"
#include "api/ec2/address_types.h"
#include "api/ec2/connection_events.h"
#include "api/ec2/endpoint_checks.h"
#include "api/ec2/endpoint_interfaces.h"
#include "api/ec2/endpoints.h"
#include "api/ec2/interface_groups.h"
#include "api/ec2/service_access.h"
#include "api/ec2/service_balancers.h"
#include "api/lookup.h"
#include "api/tags.h"
#include "model/services.h"

namespace ginnel::api {
namespace {

constexpr unsigned kDnsHashDigits = 8;

aws::ApiError invalid(std::string_view text) { return aws::api_error("InvalidParameter", text); }

// The type is Gateway where the request names none, as on AWS. Every service here is an interface service.
aws::ApiStatus check_type(const ec2::CreateVpcEndpointRequest& request) {
  const std::string type = request.vpc_endpoint_type.value_or("Gateway");
  if (type != "Interface") {
    return invalid(fmt::format("Endpoint type ({}) does not match available service types ([Interface])", type));
  }
  if (!request.route_table_ids.empty()) {
    return invalid("Route table IDs are only supported for Gateway type VPC endpoints");
  }
  return {};
}

aws::ApiResult<model::Service> read_service(const Call& call, const ec2::CreateVpcEndpointRequest& request) {
  if (request.service_name.value_or("").empty()) return aws::missing_parameter("ServiceName");
  if (request.service_region && *request.service_region != call.region.name) {
    return aws::unsupported_value("ServiceRegion", *request.service_region);
  }
  return find_service(call, *request.service_name);
}

// Of the subnets that the endpoint is to stand in; those that do not exist are refused later.
std::set<std::string> zones_of_subnets(const Call& call, const ec2::CreateVpcEndpointRequest& request) {
  std::vector<std::string> ids = request.subnet_ids;
  for (const auto& configuration : request.subnet_configurations) {
    if (configuration.subnet_id) ids.push_back(*configuration.subnet_id);
  }
  std::set<std::string> zones;
  for (const auto& id : ids) {
    if (const auto* subnet = call.snapshot.find<model::Subnet>(id)) zones.insert(subnet->zone);
  }
  return zones;
}

// To a service that an account offers: the endpoint gets its load balancer, and waits where the provider wants to be
// asked. Does nothing for the region's own services.
aws::ApiStatus connect(const Call& call, const ec2::CreateVpcEndpointRequest& request, model::Service& service,
                       model::VpcEndpoint& endpoint) {
  const auto* offered = model::offered_service(call.snapshot, call.region, service.name);
  if (offered == nullptr) return {};
  const auto* balancer = choose_balancer(call.snapshot, *offered, zones_of_subnets(call, request));
  if (balancer == nullptr) {
    return invalid(fmt::format("The VPC endpoint service {} has no load balancer", service.name));
  }
  narrow_zones(service, *balancer);
  endpoint.service = offered->id;
  endpoint.load_balancer = balancer->id;
  endpoint.connection = make_resource_id("vpce-con", call.random);
  endpoint.state = offered->acceptance_required ? "pendingAcceptance" : "pending";
  return {};
}

aws::ApiStatus check_limit(const Call& call, const model::Vpc& vpc) {
  if (call.snapshot.table<model::VpcEndpoint>().referring_to(vpc.id).size() < kMaxEndpointsPerVpc) return {};
  return aws::api_error(
      "VpcEndpointLimitExceeded",
      fmt::format("The VPC {} has the maximum number of interface endpoints ({}).", vpc.id, kMaxEndpointsPerVpc));
}

// Left out is not the same as false: it is true for services that have private names.
aws::ApiResult<bool> read_private_dns(const Call& call, const ec2::CreateVpcEndpointRequest& request,
                                      const model::Vpc& vpc, const model::Service& service) {
  const bool wanted = request.private_dns_enabled.value_or(!service.private_dns_names.empty());
  if (wanted) GINNEL_CHECKED(check_private_dns(call, vpc, service, ""));
  return wanted;
}

}  // namespace

ActionResult<ec2::CreateVpcEndpointResponse> create_vpc_endpoint(const Call& call,
                                                                 const ec2::CreateVpcEndpointRequest& request) {
  GINNEL_TRY(model::Service service, read_service(call, request));
  GINNEL_TRY(const auto* vpc, find_owned<model::Vpc>(call, *request.vpc_id));
  GINNEL_CHECKED(check_type(request));
  model::VpcEndpoint endpoint;
  set_default_types(service, endpoint);
  GINNEL_CHECKED(set_types(service, request.ip_address_type, request.dns_options, endpoint));
  const std::string policy = request.policy_document.value_or("");
  if (!policy.empty()) GINNEL_CHECKED(check_policy(policy));
  GINNEL_TRY(const auto tags, NewTags::parse(request.tag_specifications, {"vpc-endpoint"}));
  GINNEL_CHECKED(check_limit(call, *vpc));

  model::Change change;
  endpoint.id = make_resource_id("vpce", call.random);
  endpoint.account = call.account;
  endpoint.vpc = vpc->id;
  endpoint.service_name = service.name;
  GINNEL_CHECKED(connect(call, request, service, endpoint));
  if (!policy.empty()) GINNEL_CHECKED(check_takes_policy(endpoint));
  GINNEL_TRY(endpoint.groups, resolve_groups(call, vpc->id, request.security_group_ids));
  GINNEL_TRY(endpoint.private_dns, read_private_dns(call, request, *vpc, service));
  endpoint.dns_hash = random_hex(call.random, kDnsHashDigits);
  endpoint.policy_document = policy;
  endpoint.created = call.now_ms();
  EndpointInterfaces interfaces(call, service, endpoint);
  GINNEL_CHECKED(interfaces.add(request.subnet_ids, request.subnet_configurations));
  interfaces.put(change);
  endpoint.number = next_number(call.snapshot, change, "vpc-endpoint");
  tags.put(call, change, "vpc-endpoint", endpoint.id);
  change.put(endpoint);
  add_event(call, change, endpoint, kConnectEvent);

  const model::Snapshot after = call.snapshot.with(change);
  ec2::CreateVpcEndpointResponse response;
  response.vpc_endpoint = to_wire(call.on(after), endpoint);
  response.client_token = request.client_token;
  return Done<ec2::CreateVpcEndpointResponse>{std::move(response), std::move(change)};
}

}  // namespace ginnel::api
