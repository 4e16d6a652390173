#include "api/ec2/endpoints.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/describe.h"
#include "api/ec2/endpoint_checks.h"
#include "api/ec2/interface_groups.h"
#include "api/tags.h"
#include "model/services.h"

namespace ginnel::api {
namespace {

using Values = std::vector<std::string>;

const Attributes<model::VpcEndpoint>& attributes() {
  using Endpoint = model::VpcEndpoint;
  static const Attributes<Endpoint> kAll = {
      {"ip-address-type", [](const Call&, const Endpoint& e) { return Values{e.ip_address_type}; }},
      {"service-name", [](const Call&, const Endpoint& e) { return Values{e.service_name}; }},
      {"service-region", [](const Call& call, const Endpoint&) { return Values{call.region.name}; }},
      {"vpc-endpoint-id", [](const Call&, const Endpoint& e) { return Values{e.id}; }},
      {"vpc-endpoint-state", [](const Call&, const Endpoint& e) { return Values{e.state}; }},
      {"vpc-endpoint-type", [](const Call&, const Endpoint& e) { return Values{e.type}; }},
      {"vpc-id", [](const Call&, const Endpoint& e) { return Values{e.vpc}; }},
  };
  return kAll;
}

}  // namespace

// The endpoint's own names stand in one zone of the region; the private names in one that only its VPC sees.
std::vector<ec2::DnsEntry> dns_entries(const Call& call, const model::VpcEndpoint& endpoint) {
  std::vector<ec2::DnsEntry> out;
  const auto service = model::find_service(call.snapshot, call.region, endpoint.service_name);
  if (!service) return out;
  const std::string public_zone =
      model::hosted_zone_id(fmt::format("{}.vpce.{}", call.region.name, call.region.dns_suffix));
  const auto add = [&](std::string name, std::string zone) {
    out.push_back({.dns_name = std::move(name), .hosted_zone_id = std::move(zone)});
  };
  add(model::regional_name(call.region, *service, endpoint.id, endpoint.dns_hash), public_zone);
  for (const auto& id : endpoint.interfaces) {
    const auto* interface = call.snapshot.find<model::NetworkInterface>(id);
    if (interface == nullptr) continue;
    add(model::zonal_name(call.region, *service, endpoint.id, endpoint.dns_hash, interface->zone), public_zone);
  }
  if (!endpoint.private_dns) return out;
  for (const auto& name : service->private_dns_names) {
    add(name, model::hosted_zone_id(fmt::format("{} {}", endpoint.id, name)));
  }
  return out;
}

ec2::VpcEndpoint to_wire(const Call& call, const model::VpcEndpoint& endpoint) {
  ec2::VpcEndpoint out;
  out.vpc_endpoint_id = endpoint.id;
  out.vpc_endpoint_type = endpoint.type;
  out.vpc_id = endpoint.vpc;
  out.service_name = endpoint.service_name;
  out.service_region = call.region.name;
  out.state = endpoint.state;
  out.policy_document = endpoint.policy_document.empty() ? std::string(default_policy()) : endpoint.policy_document;
  out.subnet_ids = endpoint.subnets;
  const auto names = group_names(call, endpoint.groups);
  for (size_t i = 0; i < names.size(); ++i) {
    out.groups.push_back({.group_id = endpoint.groups[i], .group_name = names[i]});
  }
  out.ip_address_type = endpoint.ip_address_type;
  out.dns_options = ec2::DnsOptions{};
  out.dns_options->dns_record_ip_type = endpoint.dns_record_ip_type;
  out.private_dns_enabled = endpoint.private_dns;
  out.requester_managed = false;
  out.network_interface_ids = endpoint.interfaces;
  out.dns_entries = dns_entries(call, endpoint);
  out.creation_timestamp = WallTime(std::chrono::milliseconds(endpoint.created));
  out.tags = tag_set(call, endpoint.id);
  out.owner_id = endpoint.account;
  if (!endpoint.failure_reason.empty()) out.failure_reason = endpoint.failure_reason;
  return out;
}

aws::ApiResult<ec2::DescribeVpcEndpointsResponse> describe_vpc_endpoints(
    const Call& call, const ec2::DescribeVpcEndpointsRequest& request) {
  GINNEL_TRY(const auto page, select(call, {.operation = "DescribeVpcEndpoints", .smallest = 1}, request,
                                     request.vpc_endpoint_ids, attributes()));
  ec2::DescribeVpcEndpointsResponse response;
  for (const auto* endpoint : page.items) response.vpc_endpoints.push_back(to_wire(call, *endpoint));
  response.next_token = page.next_token;
  return response;
}

aws::ApiResult<ec2::DescribeVpcEndpointAssociationsResponse> describe_vpc_endpoint_associations(
    const Call& call, const ec2::DescribeVpcEndpointAssociationsRequest& request) {
  using Association = ec2::VpcEndpointAssociation;
  for (const auto& id : request.vpc_endpoint_ids) GINNEL_CHECKED(find_owned<model::VpcEndpoint>(call, id));
  aws::FilterTable<Association> table;
  for (const char* name : {"vpc-endpoint-id", "associated-resource-accessibility", "association-id",
                           "associated-resource-id", "service-network-arn", "resource-configuration-group-arn"}) {
    table.add(name, [](const Association&) { return Values(); });
  }
  GINNEL_CHECKED(table.matcher(request.filters));
  GINNEL_CHECKED(aws::paginate({.operation = "DescribeVpcEndpointAssociations", .smallest = 1},
                               {request.max_results, request.next_token}, std::vector<Association>(),
                               [](const Association& one) { return *one.id; }));
  return ec2::DescribeVpcEndpointAssociationsResponse();
}

}  // namespace ginnel::api
