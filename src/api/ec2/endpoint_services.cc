#include "api/ec2/endpoint_services.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "api/ec2/address_types.h"
#include "api/ec2/interface_view.h"
#include "api/ec2/service_access.h"
#include "api/tags.h"
#include "aws/filter.h"
#include "aws/page.h"
#include "model/services.h"

namespace ginnel::api {
namespace {

using Service = model::Service;

constexpr std::string_view kRegionOwner = "amazon";

// nullptr for the region's own services.
const model::EndpointService* offer_of(const Call& call, const Service& service) {
  return model::offered_service(call.snapshot, call.region, service.name);
}

std::string owner_of(const Call& call, const Service& service) {
  const auto* offer = offer_of(call, service);
  return offer != nullptr ? offer->account : std::string(kRegionOwner);
}

// A provider's tags are its own affair.
bool shows_tags(const Call& call, const model::EndpointService* offer) {
  return offer != nullptr && offer->account == call.account;
}

aws::FilterTable<Service> filter_table(const Call& call) {
  aws::FilterTable<Service> table;
  table.add("owner", [&call](const Service& service) { return owner_of(call, service); })
      .add("service-name", [](const Service& service) { return service.name; })
      .add("service-region", [&call](const Service&) { return call.region.name; })
      .add("service-type", [](const Service&) { return "Interface"; })
      .add("supported-ip-address-types", [](const Service& service) { return address_types_of(service); })
      .tags([&call](const Service& service) {
        return shows_tags(call, offer_of(call, service)) ? call.snapshot.tags_of(service.id) : aws::FilterTags();
      });
  return table;
}

// What only services have that an account offers. Their private name is shown before it is verified, with its state.
void add_offer(const Call& call, const model::EndpointService& offer, ec2::ServiceDetail& out) {
  out.acceptance_required = offer.acceptance_required;
  out.vpc_endpoint_policy_supported = false;
  if (!offer.payer_responsibility.empty()) out.payer_responsibility = offer.payer_responsibility;
  if (!offer.private_dns_name.empty()) {
    out.private_dns_name = offer.private_dns_name;
    out.private_dns_names = {ec2::PrivateDnsDetails{.private_dns_name = offer.private_dns_name}};
    out.private_dns_name_verification_state = offer.private_dns_state;
  }
  if (shows_tags(call, &offer)) out.tags = tag_set(call, offer.id);
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
  out.owner = owner_of(call, service);
  out.base_endpoint_dns_names = {fmt::format("{}.{}.vpce.{}", service.code, call.region.name, call.region.dns_suffix)};
  for (const auto& name : service.private_dns_names) out.private_dns_names.push_back({.private_dns_name = name});
  if (!service.private_dns_names.empty()) {
    out.private_dns_name = service.private_dns_names.front();
    out.private_dns_name_verification_state = "verified";
  }
  out.vpc_endpoint_policy_supported = true;
  out.acceptance_required = false;
  out.manages_vpc_endpoints = false;
  out.supported_ip_address_types = address_types_of(service);
  if (const auto* offer = offer_of(call, service)) add_offer(call, *offer, out);
  return out;
}

aws::ApiResult<std::vector<Service>> named(const Call& call, const ec2::DescribeVpcEndpointServicesRequest& request) {
  for (const auto& region : request.service_regions) {
    if (region != call.region.name) return aws::unsupported_value("ServiceRegion", region);
  }
  if (request.service_names.empty()) return visible_services(call);
  std::vector<Service> out;
  for (const auto& name : std::set<std::string>(request.service_names.begin(), request.service_names.end())) {
    GINNEL_TRY(Service service, find_service(call, name));
    out.push_back(std::move(service));
  }
  return out;
}

}  // namespace

aws::ApiResult<ec2::DescribeVpcEndpointServicesResponse> describe_vpc_endpoint_services(
    const Call& call, const ec2::DescribeVpcEndpointServicesRequest& request) {
  GINNEL_TRY(auto services, named(call, request));
  GINNEL_TRY(const auto matches, filter_table(call).matcher(request.filters));
  services.erase(std::remove_if(services.begin(), services.end(), [&](const auto& one) { return !matches(one); }),
                 services.end());
  GINNEL_TRY(const auto page, aws::paginate({.operation = "DescribeVpcEndpointServices", .smallest = 1},
                                            {request.max_results, request.next_token}, std::move(services),
                                            [](const Service& service) { return service.name; }));
  ec2::DescribeVpcEndpointServicesResponse response;
  for (const auto& service : page.items) {
    response.service_names.push_back(service.name);
    response.service_details.push_back(to_wire(call, service));
  }
  response.next_token = page.next_token;
  return response;
}

}  // namespace ginnel::api
