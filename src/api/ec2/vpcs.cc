#include "api/ec2/vpcs.h"

#include <fmt/format.h>

#include <array>

#include "api/checks.h"
#include "api/cidr.h"
#include "api/counter.h"
#include "api/describe.h"
#include "api/ec2/group_store.h"
#include "api/ec2/ipv6_blocks.h"
#include "api/tags.h"

namespace ginnel::api {
namespace {

using Values = aws::FilterValues;

constexpr BlockRules kVpcBlock{"InvalidVpc.Range", 16, 28};
// Blocks that a network cannot be made of (RFC 6890): this network, loopback, link-local, multicast, reserved.
constexpr std::array<std::string_view, 5> kUnusable{"0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4",
                                                    "240.0.0.0/4"};

aws::ApiResult<Cidr> parse_vpc_block(const std::string& text) {
  GINNEL_TRY(const Cidr block, parse_block("CidrBlock", text, kVpcBlock));
  for (const auto reserved : kUnusable) {
    if (Cidr::parse(reserved)->overlaps(block)) {
      return bad_range(kVpcBlock.range_code, text, fmt::format("Addresses of {} cannot be used.", reserved));
    }
  }
  return block;
}

template <typename Value>
Values of_blocks(const model::Vpc& vpc, Value value) {
  Values out;
  for (const auto& block : vpc.ipv6_blocks) out.push_back(value(block));
  return out;
}

const Attributes<model::Vpc>& vpc_attributes() {
  static const Attributes<model::Vpc> kAttributes{
      {"cidr", [](const Call&, const model::Vpc& vpc) { return Values{vpc.cidr}; }},
      {"cidr-block-association.association-id",
       [](const Call&, const model::Vpc& vpc) { return Values{vpc.cidr_association}; }},
      {"cidr-block-association.cidr-block", [](const Call&, const model::Vpc& vpc) { return Values{vpc.cidr}; }},
      {"cidr-block-association.state", [](const Call&, const model::Vpc&) { return Values{"associated"}; }},
      {"dhcp-options-id", [](const Call&, const model::Vpc& vpc) { return Values{vpc.dhcp_options}; }},
      {"ipv6-cidr-block-association.association-id",
       [](const Call&, const model::Vpc& vpc) {
         return of_blocks(vpc, [](const model::Ipv6Block& block) { return block.association; });
       }},
      {"ipv6-cidr-block-association.ipv6-cidr-block",
       [](const Call&, const model::Vpc& vpc) {
         return of_blocks(vpc, [](const model::Ipv6Block& block) { return block.cidr; });
       }},
      {"ipv6-cidr-block-association.ipv6-pool",
       [](const Call&, const model::Vpc& vpc) {
         return of_blocks(vpc, [](const model::Ipv6Block&) { return "Amazon"; });
       }},
      {"ipv6-cidr-block-association.state",
       [](const Call&, const model::Vpc& vpc) {
         return of_blocks(vpc, [](const model::Ipv6Block&) { return "associated"; });
       }},
      {"is-default", [](const Call&, const model::Vpc&) { return Values{"false"}; }},
      {"owner-id", [](const Call&, const model::Vpc& vpc) { return Values{vpc.account}; }},
      {"state", [](const Call&, const model::Vpc&) { return Values{"available"}; }},
      {"vpc-id", [](const Call&, const model::Vpc& vpc) { return Values{vpc.id}; }},
  };
  return kAttributes;
}

ec2::Vpc to_wire(const Call& call, const model::Vpc& vpc) {
  ec2::Vpc out;
  out.owner_id = vpc.account;
  out.instance_tenancy = vpc.instance_tenancy;
  ec2::VpcCidrBlockAssociation association;
  association.association_id = vpc.cidr_association;
  association.cidr_block = vpc.cidr;
  association.cidr_block_state = ec2::VpcCidrBlockState{};
  association.cidr_block_state->state = ec2::VpcCidrBlockStateCode::kAssociated;
  out.cidr_block_association_set.push_back(std::move(association));
  out.ipv6_cidr_block_association_set = ipv6_blocks(call, vpc);
  out.is_default = false;
  out.tags = tag_set(call, vpc.id);
  out.vpc_id = vpc.id;
  out.state = ec2::VpcState::kAvailable;
  out.cidr_block = vpc.cidr;
  out.dhcp_options_id = vpc.dhcp_options;
  return out;
}

template <typename T>
void add_ids(const Call& call, const model::Vpc& vpc, std::vector<std::string>& ids) {
  for (const T* resource : call.snapshot.table<T>().referring_to(vpc.id)) ids.push_back(resource->id);
}

// What keeps the VPC from being deleted. Instances and endpoints have interfaces here, or subnets, until they are gone.
std::vector<std::string> dependents(const Call& call, const model::Vpc& vpc) {
  std::vector<std::string> ids;
  add_ids<model::Subnet>(call, vpc, ids);
  add_ids<model::VpcEndpoint>(call, vpc, ids);
  add_ids<model::NetworkInterface>(call, vpc, ids);
  add_ids<model::TargetGroup>(call, vpc, ids);
  for (const auto* group : call.snapshot.table<model::SecurityGroup>().referring_to(vpc.id)) {
    if (group->name != kDefaultGroup) ids.push_back(group->id);
  }
  return ids;
}

}  // namespace

ActionResult<ec2::CreateVpcResponse> create_vpc(const Call& call, const ec2::CreateVpcRequest& request) {
  if (!request.cidr_block) return aws::missing_parameter("CidrBlock");
  GINNEL_TRY(const Cidr block, parse_vpc_block(*request.cidr_block));
  GINNEL_TRY(const NewTags tags, NewTags::parse(request.tag_specifications, {"vpc"}));
  Done<ec2::CreateVpcResponse> done;
  model::Vpc vpc{.id = make_resource_id("vpc", call.random), .account = call.account};
  vpc.number = next_number(call.snapshot, done.change, "vpc");
  vpc.cidr_association = make_resource_id("vpc-cidr-assoc", call.random);
  vpc.cidr = block.to_string();
  const bool provided = request.amazon_provided_ipv6_cidr_block.value_or(false);
  GINNEL_CHECKED(check_border_group(call, provided, request.ipv6_cidr_block_network_border_group));
  if (provided) GINNEL_CHECKED(add_ipv6_block(call, vpc));
  vpc.created = call.now_ms();
  tags.put(call, done.change, "vpc", vpc.id);
  done.change.put(vpc);
  put_default_group(call, done.change, vpc);
  const model::Snapshot later = call.snapshot.with(done.change);
  done.response.vpc = to_wire(call.on(later), vpc);
  return done;
}

aws::ApiResult<ec2::DescribeVpcsResponse> describe_vpcs(const Call& call, const ec2::DescribeVpcsRequest& request) {
  GINNEL_TRY(const auto page, select(call, {"DescribeVpcs"}, request, request.vpc_ids, vpc_attributes()));
  ec2::DescribeVpcsResponse response;
  for (const model::Vpc* vpc : page.items) response.vpcs.push_back(to_wire(call, *vpc));
  response.next_token = page.next_token;
  return response;
}

ActionResult<ec2::DeleteVpcResponse> delete_vpc(const Call& call, const ec2::DeleteVpcRequest& request) {
  GINNEL_TRY(const model::Vpc* vpc, find_owned<model::Vpc>(call, *request.vpc_id));
  GINNEL_CHECKED(check_unused(fmt::format("The vpc '{}'", vpc->id), dependents(call, *vpc)));
  Done<ec2::DeleteVpcResponse> done;
  for (const auto* group : call.snapshot.table<model::SecurityGroup>().referring_to(vpc->id)) {
    erase_group(call, done.change, *group);
  }
  done.change.erase(*vpc);
  erase_tags(call, done.change, vpc->id);
  return done;
}

}  // namespace ginnel::api
