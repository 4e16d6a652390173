#include "api/ec2/subnets.h"

#include <fmt/format.h>

#include "api/checks.h"
#include "api/cidr.h"
#include "api/describe.h"
#include "api/ec2/addresses.h"
#include "api/ec2/ipv6_blocks.h"
#include "api/tags.h"
#include "base/check.h"

namespace ginnel::api {
namespace {

constexpr BlockRules kSubnetBlock{"InvalidSubnet.Range", 16, 28};

ec2::Subnet to_wire(const Call& call, const model::Subnet& subnet) {
  ec2::Subnet out;
  const auto* zone = call.region.zone(subnet.zone);
  if (zone != nullptr) out.availability_zone_id = zone->id;
  out.availability_zone = subnet.zone;
  out.map_customer_owned_ip_on_launch = false;
  out.owner_id = subnet.account;
  out.assign_ipv6_address_on_creation = subnet.assign_ipv6;
  out.ipv6_cidr_block_association_set = ipv6_blocks(subnet);
  out.tags = tag_set(call, subnet.id);
  out.subnet_arn = subnet_arn(call.region, subnet);
  out.enable_dns64 = false;
  out.ipv6_native = false;
  out.private_dns_name_options_on_launch = ec2::PrivateDnsNameOptionsOnLaunch{};
  out.private_dns_name_options_on_launch->hostname_type = subnet.private_dns_hostname_type;
  out.private_dns_name_options_on_launch->enable_resource_name_dns_a_record = subnet.resource_name_dns_a;
  out.private_dns_name_options_on_launch->enable_resource_name_dns_aaaa_record = subnet.resource_name_dns_aaaa;
  out.subnet_id = subnet.id;
  out.state = ec2::SubnetState::kAvailable;
  out.vpc_id = subnet.vpc;
  out.cidr_block = subnet.cidr;
  out.available_ip_address_count = static_cast<int>(SubnetAddresses(call.snapshot).free_count(subnet));
  out.default_for_az = false;
  out.map_public_ip_on_launch = subnet.map_public_ip;
  return out;
}

aws::ApiError unknown_zone(const Call& call, std::string_view parameter, std::string_view value, bool by_id) {
  std::vector<std::string> known;
  for (const auto& zone : call.region.zones) known.push_back(by_id ? zone.id : zone.name);
  return aws::invalid_value(
      parameter, value,
      fmt::format("Subnets can currently only be created in the following availability zones: {}.",
                  fmt::join(known, ", ")));
}

aws::ApiResult<const model::Zone*> zone_for(const Call& call, const ec2::CreateSubnetRequest& request) {
  const auto& name = request.availability_zone;
  const auto& id = request.availability_zone_id;
  const auto* by_name = name ? call.region.zone(*name) : nullptr;
  const auto* by_id = id ? call.region.zone(*id) : nullptr;
  if (name && (by_name == nullptr || by_name->name != *name)) {
    return unknown_zone(call, "AvailabilityZone", *name, false);
  }
  if (id && (by_id == nullptr || by_id->id != *id)) return unknown_zone(call, "AvailabilityZoneId", *id, true);
  if (by_name != nullptr && by_id != nullptr && by_name != by_id) {
    return aws::invalid_combination(
        fmt::format("The availability zone '{}' has the id '{}', not '{}'.", by_name->name, by_name->id, by_id->id));
  }
  if (by_name != nullptr) return by_name;
  if (by_id != nullptr) return by_id;
  GINNEL_CHECK(!call.region.zones.empty(), "a region has a zone");
  return &call.region.zones.front();
}

aws::ApiResult<Cidr> block_for(const Call& call, const model::Vpc& vpc, const std::string& text) {
  GINNEL_TRY(const Cidr block, parse_block("CidrBlock", text, kSubnetBlock));
  const auto whole = Cidr::parse(vpc.cidr);
  GINNEL_CHECK(whole.has_value(), "a stored VPC has a valid CIDR block");
  if (!whole->contains(block)) {
    return bad_range(kSubnetBlock.range_code, text, fmt::format("It is not within {} of {}.", vpc.cidr, vpc.id));
  }
  for (const auto* other : call.snapshot.table<model::Subnet>().referring_to(vpc.id)) {
    if (Cidr::parse(other->cidr)->overlaps(block)) {
      return aws::api_error(
          "InvalidSubnet.Conflict",
          fmt::format("The CIDR '{}' conflicts with another subnet ({}, {})", text, other->id, other->cidr));
    }
  }
  return block;
}

}  // namespace

std::string subnet_arn(const model::Region& region, const model::Subnet& subnet) {
  return fmt::format("arn:{}:ec2:{}:{}:subnet/{}", region.partition, region.name, subnet.account, subnet.id);
}

ActionResult<ec2::CreateSubnetResponse> create_subnet(const Call& call, const ec2::CreateSubnetRequest& request) {
  GINNEL_TRY(const model::Vpc* vpc, find_owned<model::Vpc>(call, *request.vpc_id));
  if (!request.cidr_block) return aws::missing_parameter("CidrBlock");
  GINNEL_TRY(const Cidr block, block_for(call, *vpc, *request.cidr_block));
  GINNEL_TRY(const model::Zone* zone, zone_for(call, request));
  GINNEL_TRY(const NewTags tags, NewTags::parse(request.tag_specifications, {"subnet"}));
  Done<ec2::CreateSubnetResponse> done;
  model::Subnet subnet{.id = make_resource_id("subnet", call.random),
                       .account = call.account,
                       .vpc = vpc->id,
                       .cidr = block.to_string(),
                       .zone = zone->name,
                       .created = call.now_ms()};
  if (request.ipv6_cidr_block) GINNEL_CHECKED(set_ipv6_block(call, *vpc, *request.ipv6_cidr_block, subnet));
  tags.put(call, done.change, "subnet", subnet.id);
  done.change.put(subnet);
  const model::Snapshot later = call.snapshot.with(done.change);
  done.response.subnet = to_wire(call.on(later), subnet);
  return done;
}

aws::ApiResult<ec2::DescribeSubnetsResponse> describe_subnets(const Call& call,
                                                              const ec2::DescribeSubnetsRequest& request) {
  GINNEL_TRY(const auto page, select(call, {"DescribeSubnets"}, request, request.subnet_ids, subnet_attributes()));
  ec2::DescribeSubnetsResponse response;
  for (const model::Subnet* subnet : page.items) response.subnets.push_back(to_wire(call, *subnet));
  response.next_token = page.next_token;
  return response;
}

ActionResult<ec2::DeleteSubnetResponse> delete_subnet(const Call& call, const ec2::DeleteSubnetRequest& request) {
  GINNEL_TRY(const model::Subnet* subnet, find_owned<model::Subnet>(call, *request.subnet_id));
  std::vector<std::string> ids;
  for (const auto* interface : call.snapshot.table<model::NetworkInterface>().referring_to(subnet->id)) {
    ids.push_back(interface->id);
  }
  for (const auto* endpoint : call.snapshot.table<model::VpcEndpoint>().referring_to(subnet->id)) {
    ids.push_back(endpoint->id);
  }
  GINNEL_CHECKED(check_unused(fmt::format("The subnet '{}'", subnet->id), ids));
  Done<ec2::DeleteSubnetResponse> done;
  done.change.erase(*subnet);
  erase_tags(call, done.change, subnet->id);
  return done;
}

ActionResult<ec2::ModifySubnetAttributeResponse> modify_subnet_attribute(
    const Call& call, const ec2::ModifySubnetAttributeRequest& request) {
  GINNEL_TRY(const model::Subnet* found, find_owned<model::Subnet>(call, *request.subnet_id));
  model::Subnet subnet = *found;
  std::vector<std::string_view> given;
  const auto set = [&](std::string_view name, const std::optional<ec2::AttributeBooleanValue>& attribute,
                       bool& member) {
    if (!attribute || !attribute->value) return;
    given.push_back(name);
    member = *attribute->value;
  };
  set("AssignIpv6AddressOnCreation", request.assign_ipv6_address_on_creation, subnet.assign_ipv6);
  set("MapPublicIpOnLaunch", request.map_public_ip_on_launch, subnet.map_public_ip);
  set("EnableResourceNameDnsARecordOnLaunch", request.enable_resource_name_dns_a_record_on_launch,
      subnet.resource_name_dns_a);
  set("EnableResourceNameDnsAAAARecordOnLaunch", request.enable_resource_name_dns_aaaa_record_on_launch,
      subnet.resource_name_dns_aaaa);
  if (request.private_dns_hostname_type_on_launch) {
    given.push_back("PrivateDnsHostnameTypeOnLaunch");
    subnet.private_dns_hostname_type = *request.private_dns_hostname_type_on_launch;
  }
  GINNEL_CHECKED(check_one_attribute(given));
  if (subnet.assign_ipv6 && subnet.ipv6_cidr.empty()) {
    return aws::invalid_value("AssignIpv6AddressOnCreation.Value", "true",
                              fmt::format("The subnet {} has no IPv6 CIDR block.", subnet.id));
  }
  if (subnet.map_public_ip) return aws::unsupported_value("MapPublicIpOnLaunch.Value", "true");
  Done<ec2::ModifySubnetAttributeResponse> done;
  if (subnet != *found) done.change.put(std::move(subnet));
  return done;
}

}  // namespace ginnel::api
