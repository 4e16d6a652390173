#include "api/ec2/vpc_attributes.h"

#include <fmt/format.h>

#include "api/checks.h"
#include "api/lookup.h"

namespace ginnel::api {
namespace {

using Name = ec2::VpcAttributeName;

struct Wanted {
  std::string_view name;
  bool value;
};

// The one attribute that the request sets.
aws::ApiResult<Wanted> wanted(const ec2::ModifyVpcAttributeRequest& request) {
  std::vector<std::string_view> given;
  Wanted out{};
  const auto look = [&](std::string_view name, const std::optional<ec2::AttributeBooleanValue>& attribute) {
    if (!attribute || !attribute->value) return;
    given.push_back(name);
    out = {name, *attribute->value};
  };
  look(Name::kEnableDnsHostnames, request.enable_dns_hostnames);
  look(Name::kEnableDnsSupport, request.enable_dns_support);
  look(Name::kEnableNetworkAddressUsageMetrics, request.enable_network_address_usage_metrics);
  GINNEL_CHECKED(check_one_attribute(given));
  return out;
}

ec2::AttributeBooleanValue to_wire(bool value) {
  ec2::AttributeBooleanValue out;
  out.value = value;
  return out;
}

}  // namespace

aws::ApiResult<ec2::DescribeVpcAttributeResponse> describe_vpc_attribute(
    const Call& call, const ec2::DescribeVpcAttributeRequest& request) {
  GINNEL_TRY(const model::Vpc* vpc, find_owned<model::Vpc>(call, *request.vpc_id));
  ec2::DescribeVpcAttributeResponse response;
  response.vpc_id = vpc->id;
  if (*request.attribute == Name::kEnableDnsSupport) {
    response.enable_dns_support = to_wire(vpc->dns_support);
  } else if (*request.attribute == Name::kEnableDnsHostnames) {
    response.enable_dns_hostnames = to_wire(vpc->dns_hostnames);
  } else {
    response.enable_network_address_usage_metrics = to_wire(vpc->network_address_usage_metrics);
  }
  return response;
}

ActionResult<ec2::ModifyVpcAttributeResponse> modify_vpc_attribute(const Call& call,
                                                                   const ec2::ModifyVpcAttributeRequest& request) {
  GINNEL_TRY(const model::Vpc* found, find_owned<model::Vpc>(call, *request.vpc_id));
  GINNEL_TRY(const Wanted attribute, wanted(request));
  model::Vpc vpc = *found;
  if (attribute.name == Name::kEnableDnsSupport) {
    vpc.dns_support = attribute.value;
  } else if (attribute.name == Name::kEnableDnsHostnames) {
    if (attribute.value && !vpc.dns_support) {
      return aws::invalid_combination(
          fmt::format("DNS hostnames cannot be enabled because DNS support is not enabled for the vpc '{}'.", vpc.id));
    }
    vpc.dns_hostnames = attribute.value;
  } else {
    vpc.network_address_usage_metrics = attribute.value;
  }
  Done<ec2::ModifyVpcAttributeResponse> done;
  if (vpc != *found) done.change.put(std::move(vpc));
  return done;
}

}  // namespace ginnel::api
