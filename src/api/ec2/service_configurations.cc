#include "api/ec2/service_configurations.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "api/describe.h"
#include "api/ec2/address_types.h"
#include "api/ec2/interface_view.h"
#include "api/ec2/service_balancers.h"
#include "api/ec2/service_parameters.h"
#include "api/ec2/service_private_name.h"
#include "api/ec2/unsuccessful.h"
#include "api/tags.h"
#include "model/services.h"

namespace ginnel::api {
namespace {

using Service = model::EndpointService;
using Values = std::vector<std::string>;

constexpr const char* kState = "Available";

ec2::ServiceConfiguration to_wire(const Call& call, const Service& service) {
  ec2::ServiceConfiguration out;
  out.service_type = {ec2::ServiceTypeDetail{.service_type = "Interface"}};
  out.service_id = service.id;
  out.service_name = model::service_name(call.region, service);
  out.service_state = kState;
  for (const auto& zone : service.zones) {
    out.availability_zones.push_back(zone);
    out.availability_zone_ids.push_back(zone_id(call, zone));
  }
  out.acceptance_required = service.acceptance_required;
  out.manages_vpc_endpoints = false;
  out.network_load_balancer_arns = service.load_balancers;
  out.supported_ip_address_types = address_types_of(service);
  out.base_endpoint_dns_names = {fmt::format("{}.{}.vpce.{}", service.id, call.region.name, call.region.dns_suffix)};
  if (!service.private_dns_name.empty()) {
    out.private_dns_name = service.private_dns_name;
    out.private_dns_name_configuration = ec2::PrivateDnsNameConfiguration{
        .state = service.private_dns_state, .type = "TXT", .value = service.txt_value, .name = service.txt_name};
  }
  if (!service.payer_responsibility.empty()) out.payer_responsibility = service.payer_responsibility;
  out.tags = tag_set(call, service.id);
  out.supported_regions = {ec2::SupportedRegionDetail{.region = call.region.name, .service_state = kState}};
  out.remote_access_enabled = false;
  return out;
}

const Attributes<Service>& attributes() {
  static const Attributes<Service> kAll = {
      {"service-id", [](const Call&, const Service& s) { return Values{s.id}; }},
      {"service-name", [](const Call& call, const Service& s) { return Values{model::service_name(call.region, s)}; }},
      {"service-state", [](const Call&, const Service&) { return Values{kState}; }},
      {"supported-ip-address-types", [](const Call&, const Service& s) { return address_types_of(s); }},
  };
  return kAll;
}

void erase(const Call& call, model::Change& change, const Service& service) {
  for (const auto* permission : call.snapshot.table<model::ServicePermission>().referring_to(service.id)) {
    change.erase(*permission);
    erase_tags(call, change, permission->id);
  }
  for (const auto* notification : call.snapshot.table<model::ConnectionNotification>().referring_to(service.id)) {
    change.erase(*notification);
  }
  erase_tags(call, change, service.id);
  change.erase(service);
}

aws::ApiResult<const Service*> find_unused(const Call& call, const std::string& id) {
  GINNEL_TRY(const auto* service, find_owned<Service>(call, id));
  const auto connections = connections_of(call.snapshot, *service);
  if (!connections.empty()) return existing_connections(connections);
  return service;
}

}  // namespace

ActionResult<ec2::CreateVpcEndpointServiceConfigurationResponse> create_service_configuration(
    const Call& call, const ec2::CreateVpcEndpointServiceConfigurationRequest& request) {
  if (request.network_load_balancer_arns.empty()) return aws::missing_parameter("NetworkLoadBalancerArn");
  GINNEL_CHECKED(check_address_types(request.supported_ip_address_types, "SupportedIpAddressType"));
  GINNEL_CHECKED(check_regions(call, request.supported_regions, "SupportedRegion"));
  GINNEL_TRY(const auto tags, NewTags::parse(request.tag_specifications, {"vpc-endpoint-service"}));
  const std::set<std::string> arns(request.network_load_balancer_arns.begin(),
                                   request.network_load_balancer_arns.end());
  for (const auto& arn : arns) GINNEL_CHECKED(find_own_balancer(call, arn));

  Service service;
  service.id = make_resource_id("vpce-svc", call.random);
  service.account = call.account;
  service.load_balancers.assign(arns.begin(), arns.end());
  service.zones = zones_of(call.snapshot, service.load_balancers);
  const auto& types = request.supported_ip_address_types;
  if (!types.empty()) {
    service.ipv4 = std::find(types.begin(), types.end(), "ipv4") != types.end();
    service.ipv6 = std::find(types.begin(), types.end(), "ipv6") != types.end();
  }
  GINNEL_CHECKED(check_balancers_support(call, service));
  service.acceptance_required = request.acceptance_required.value_or(true);
  if (request.private_dns_name) {
    GINNEL_TRY(const std::string name, parse_private_name(*request.private_dns_name));
    set_private_name(call, service, name);
  }
  service.created = call.now_ms();

  Done<ec2::CreateVpcEndpointServiceConfigurationResponse> done;
  done.change.put(service);
  tags.put(call, done.change, "vpc-endpoint-service", service.id);
  const model::Snapshot after = call.snapshot.with(done.change);
  done.response.service_configuration = to_wire(call.on(after), service);
  done.response.client_token = request.client_token;
  return done;
}

ActionResult<ec2::DeleteVpcEndpointServiceConfigurationsResponse> delete_service_configurations(
    const Call& call, const ec2::DeleteVpcEndpointServiceConfigurationsRequest& request) {
  Done<ec2::DeleteVpcEndpointServiceConfigurationsResponse> done;
  for (const auto& id : std::set<std::string>(request.service_ids.begin(), request.service_ids.end())) {
    const auto service = find_unused(call, id);
    if (service) {
      erase(call, done.change, **service);
    } else {
      done.response.unsuccessful.push_back(unsuccessful_item(id, service.error()));
    }
  }
  return done;
}

aws::ApiResult<ec2::DescribeVpcEndpointServiceConfigurationsResponse> describe_service_configurations(
    const Call& call, const ec2::DescribeVpcEndpointServiceConfigurationsRequest& request) {
  GINNEL_TRY(const auto page, select(call, {.operation = "DescribeVpcEndpointServiceConfigurations"}, request,
                                     request.service_ids, attributes()));
  ec2::DescribeVpcEndpointServiceConfigurationsResponse response;
  for (const auto* service : page.items) response.service_configurations.push_back(to_wire(call, *service));
  response.next_token = page.next_token;
  return response;
}

}  // namespace ginnel::api
