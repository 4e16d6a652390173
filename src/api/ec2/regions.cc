#include "api/ec2/regions.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/describe.h"

namespace ginnel::api {
namespace {

using Values = aws::FilterValues;

constexpr std::string_view kOptIn = "opt-in-not-required";
constexpr std::string_view kZoneType = "availability-zone";

std::string endpoint_of(const model::Region& region) {
  return fmt::format("ec2.{}.{}", region.name, region.dns_suffix);
}
std::string zone_group(const model::Region& region) { return region.name + "-zg-1"; }

const Attributes<model::Region>& region_attributes() {
  static const Attributes<model::Region> kAttributes{
      {"endpoint", [](const Call&, const model::Region& region) { return Values{endpoint_of(region)}; }},
      {"opt-in-status", [](const Call&, const model::Region&) { return Values{std::string(kOptIn)}; }},
      {"region-name", [](const Call&, const model::Region& region) { return Values{region.name}; }},
  };
  return kAttributes;
}

const Attributes<model::Zone>& zone_attributes() {
  static const Attributes<model::Zone> kAttributes{
      {"group-name", [](const Call& call, const model::Zone&) { return Values{zone_group(call.region)}; }},
      {"message", [](const Call&, const model::Zone&) { return Values{}; }},
      {"opt-in-status", [](const Call&, const model::Zone&) { return Values{std::string(kOptIn)}; }},
      {"parent-zone-id", [](const Call&, const model::Zone&) { return Values{}; }},
      {"parent-zone-name", [](const Call&, const model::Zone&) { return Values{}; }},
      {"parent-zoneID", [](const Call&, const model::Zone&) { return Values{}; }},  // as the API's reference has it
      {"parent-zoneName", [](const Call&, const model::Zone&) { return Values{}; }},
      {"region-name", [](const Call& call, const model::Zone&) { return Values{call.region.name}; }},
      {"state", [](const Call&, const model::Zone&) { return Values{"available"}; }},
      {"zone-id", [](const Call&, const model::Zone& zone) { return Values{zone.id}; }},
      {"zone-name", [](const Call&, const model::Zone& zone) { return Values{zone.name}; }},
      {"zone-type", [](const Call&, const model::Zone&) { return Values{std::string(kZoneType)}; }},
  };
  return kAttributes;
}

const Attributes<ec2::PrefixList>& prefix_list_attributes() {
  static const Attributes<ec2::PrefixList> kAttributes{
      {"prefix-list-id", [](const Call&, const ec2::PrefixList& list) { return Values{*list.prefix_list_id}; }},
      {"prefix-list-name", [](const Call&, const ec2::PrefixList& list) { return Values{*list.prefix_list_name}; }},
  };
  return kAttributes;
}

bool contains(const std::vector<std::string>& list, const std::string& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

// An error for the wanted names that the region has not.
template <typename Known>
aws::ApiResult<void> check_known(const std::vector<std::string>& wanted, std::string_view what, Known is_known) {
  std::vector<std::string> unknown;
  for (const auto& name : wanted) {
    if (!is_known(name)) unknown.push_back(name);
  }
  if (unknown.empty()) return {};
  return aws::api_error("InvalidParameterValue", fmt::format("Invalid {}: [{}]", what, fmt::join(unknown, ", ")));
}

ec2::AvailabilityZone describe(const Call& call, const model::Zone& zone) {
  ec2::AvailabilityZone out;
  out.opt_in_status = kOptIn;
  out.region_name = call.region.name;
  out.zone_name = zone.name;
  out.zone_id = zone.id;
  out.group_name = zone_group(call.region);
  out.network_border_group = call.region.name;
  out.zone_type = kZoneType;
  out.state = ec2::AvailabilityZoneState::kAvailable;
  return out;
}

}  // namespace

aws::ApiResult<ec2::DescribeRegionsResponse> describe_regions(const Call& call,
                                                              const ec2::DescribeRegionsRequest& request) {
  GINNEL_CHECKED(check_known(request.region_names, "region names",
                             [&](const std::string& name) { return name == call.region.name; }));
  GINNEL_TRY(const auto regions, keep_matching(call, request.filters, region_attributes(),
                                               std::vector<const model::Region*>{&call.region}));
  ec2::DescribeRegionsResponse response;
  for (const model::Region* region : regions) {
    ec2::Region out;
    out.opt_in_status = kOptIn;
    out.region_name = region->name;
    out.endpoint = endpoint_of(*region);
    response.regions.push_back(std::move(out));
  }
  return response;
}

aws::ApiResult<ec2::DescribeAvailabilityZonesResponse> describe_availability_zones(
    const Call& call, const ec2::DescribeAvailabilityZonesRequest& request) {
  const auto& all = call.region.zones;
  GINNEL_CHECKED(check_known(request.zone_names, "availability zone", [&](const std::string& name) {
    return std::any_of(all.begin(), all.end(), [&](const model::Zone& zone) { return zone.name == name; });
  }));
  GINNEL_CHECKED(check_known(request.zone_ids, "availability zone-id", [&](const std::string& id) {
    return std::any_of(all.begin(), all.end(), [&](const model::Zone& zone) { return zone.id == id; });
  }));
  std::vector<const model::Zone*> zones;
  for (const auto& zone : all) {
    if (!request.zone_names.empty() && !contains(request.zone_names, zone.name)) continue;
    if (!request.zone_ids.empty() && !contains(request.zone_ids, zone.id)) continue;
    zones.push_back(&zone);
  }
  GINNEL_TRY(zones, keep_matching(call, request.filters, zone_attributes(), std::move(zones)));
  ec2::DescribeAvailabilityZonesResponse response;
  for (const model::Zone* zone : zones) response.availability_zones.push_back(describe(call, *zone));
  return response;
}

aws::ApiResult<ec2::DescribeAccountAttributesResponse> describe_account_attributes(
    const Call&, const ec2::DescribeAccountAttributesRequest& request) {
  ec2::DescribeAccountAttributesResponse response;
  const auto add = [&](std::string_view name, std::string_view value) {
    const std::string text(name);
    if (!request.attribute_names.empty() && !contains(request.attribute_names, text)) return;
    ec2::AccountAttribute attribute;
    attribute.attribute_name = text;
    attribute.attribute_values.push_back({.attribute_value = std::string(value)});
    response.account_attributes.push_back(std::move(attribute));
  };
  add(ec2::AccountAttributeName::kSupportedPlatforms, "VPC");
  add(ec2::AccountAttributeName::kDefaultVpc, "none");
  return response;
}

aws::ApiResult<ec2::DescribePrefixListsResponse> describe_prefix_lists(const Call& call,
                                                                       const ec2::DescribePrefixListsRequest& request) {
  GINNEL_CHECKED(aws::read_page_request({"DescribePrefixLists"}, {request.max_results, request.next_token}));
  GINNEL_CHECKED(filter_table(call, prefix_list_attributes()).matcher(request.filters));
  if (!request.prefix_list_ids.empty()) {
    return aws::api_error("InvalidPrefixListId.NotFound",
                          fmt::format("The prefix list ID '{}' does not exist", request.prefix_list_ids.front()));
  }
  return ec2::DescribePrefixListsResponse{};
}

}  // namespace ginnel::api
