#include "api/ec2/endpoint_services.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/ec2/endpoint_checks.h"
#include "api/ec2/interface_view.h"
#include "aws/filter.h"
#include "aws/page.h"

namespace ginnel::api {
namespace {

using Service = model::Service;

constexpr const char* kOwner = "amazon";

aws::FilterTable<Service> filter_table(const Call& call) {
  aws::FilterTable<Service> table;
  table.add("owner", [](const Service&) { return kOwner; })
      .add("service-name", [](const Service& service) { return service.name; })
      .add("service-region", [&call](const Service&) { return call.region.name; })
      .add("service-type", [](const Service&) { return "Interface"; })
      .add("supported-ip-address-types", [](const Service&) { return "ipv4"; })
      .tags([](const Service&) { return aws::FilterTags(); });
  return table;
}

ec2::ServiceDetail to_wire(const Call& call, const Service& service) {
  ec2::ServiceDetail out;
  out.service_name = service.name;
  out.service_id = service.id;
  out.service_type = {ec2::ServiceTypeDetail{.service_type = "Interface"}};
  out.service_region = call.region.name;
  for (const auto& zone : service.zones) {
    out.availability_zones.push_back(zone);
    out.availability_zone_ids.push_back(zone_id(call, zone));
  }
  out.owner = kOwner;
  out.base_endpoint_dns_names = {fmt::format("{}.{}.vpce.{}", service.code, call.region.name, call.region.dns_suffix)};
  for (const auto& name : service.private_dns_names) out.private_dns_names.push_back({.private_dns_name = name});
  if (!service.private_dns_names.empty()) {
    out.private_dns_name = service.private_dns_names.front();
    out.private_dns_name_verification_state = "verified";
  }
  out.vpc_endpoint_policy_supported = true;
  out.acceptance_required = false;
  out.manages_vpc_endpoints = false;
  out.supported_ip_address_types = {"ipv4"};
  return out;
}

aws::ApiResult<std::vector<const Service*>> named(const Call& call,
                                                  const ec2::DescribeVpcEndpointServicesRequest& request) {
  for (const auto& region : request.service_regions) {
    if (region != call.region.name) return aws::unsupported_value("ServiceRegion", region);
  }
  std::vector<const Service*> out;
  for (const auto& name : request.service_names) {
    GINNEL_TRY(const auto* service, find_service(call, name));
    out.push_back(service);
  }
  if (request.service_names.empty()) {
    for (const auto& service : call.region.services) out.push_back(&service);
  }
  std::sort(out.begin(), out.end(), [](const auto* left, const auto* right) { return left->name < right->name; });
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace

aws::ApiResult<ec2::DescribeVpcEndpointServicesResponse> describe_vpc_endpoint_services(
    const Call& call, const ec2::DescribeVpcEndpointServicesRequest& request) {
  GINNEL_TRY(auto services, named(call, request));
  GINNEL_TRY(const auto matches, filter_table(call).matcher(request.filters));
  services.erase(std::remove_if(services.begin(), services.end(), [&](const auto* one) { return !matches(*one); }),
                 services.end());
  GINNEL_TRY(const auto page, aws::paginate({.operation = "DescribeVpcEndpointServices", .smallest = 1},
                                            {request.max_results, request.next_token}, std::move(services),
                                            [](const Service* service) { return service->name; }));
  ec2::DescribeVpcEndpointServicesResponse response;
  for (const auto* service : page.items) {
    response.service_names.push_back(service->name);
    response.service_details.push_back(to_wire(call, *service));
  }
  response.next_token = page.next_token;
  return response;
}

}  // namespace ginnel::api
