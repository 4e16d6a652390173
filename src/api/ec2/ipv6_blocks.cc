#include "api/ec2/ipv6_blocks.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "api/ec2/group_store.h"
#include "api/lookup.h"
#include "base/check.h"

namespace ginnel::api {
namespace {

constexpr IdForm kVpcAssociation{"vpc-cidr-assoc", "", "vpc CIDR block association ID",
                                 "InvalidVpcCidrBlockAssociationID.NotFound",
                                 "InvalidVpcCidrBlockAssociationId.Malformed"};
constexpr IdForm kSubnetAssociation{"subnet-cidr-assoc", "", "subnet CIDR block association ID",
                                    "InvalidSubnetCidrBlockAssociationID.NotFound",
                                    "InvalidSubnetCidrBlockAssociationId.Malformed"};
constexpr std::string_view kAssociated = "associated", kDisassociated = "disassociated";
constexpr unsigned kShortestSubnet = 56, kLongestSubnet = 64, kSubnetStep = 4;

Cidr stored_block(const std::string& text) {
  const auto block = Cidr::parse(text);
  GINNEL_CHECK(block.has_value(), "a stored block is one");
  return *block;
}

aws::ApiError in_use(std::string_view what, std::string_view block, std::string_view by) {
  return aws::api_error("InvalidCidrBlock.InUse", fmt::format("The {} within CIDR block {} ({})", what, block, by));
}

ec2::VpcIpv6CidrBlockAssociation to_wire(const Call& call, const model::Ipv6Block& block, std::string_view state) {
  ec2::VpcIpv6CidrBlockAssociation out;
  out.association_id = block.association;
  out.ipv6_cidr_block = block.cidr;
  out.ipv6_cidr_block_state = ec2::VpcCidrBlockState{.state = std::string(state)};
  out.network_border_group = call.region.name;
  out.ipv6_pool = "Amazon";
  out.ipv6_address_attribute = ec2::Ipv6AddressAttribute::kPrivate;
  out.ip_source = ec2::IpSource::kAmazon;
  return out;
}

ec2::SubnetIpv6CidrBlockAssociation to_wire(const model::Subnet& subnet, std::string_view state) {
  ec2::SubnetIpv6CidrBlockAssociation out;
  out.association_id = subnet.ipv6_association;
  out.ipv6_cidr_block = subnet.ipv6_cidr;
  out.ipv6_cidr_block_state = ec2::SubnetCidrBlockState{.state = std::string(state)};
  out.ipv6_address_attribute = ec2::Ipv6AddressAttribute::kPrivate;
  out.ip_source = ec2::IpSource::kAmazon;
  return out;
}

// The resource of the caller's that has the association.
template <typename T>
aws::ApiResult<const T*> find_association(const Call& call, const IdForm& form, const std::string& id) {
  if (!is_resource_id(id, form.prefix)) return malformed_id(form, id);
  for (const T* found : call.snapshot.table<T>().referring_to(id)) {
    if (found->account == call.account) return found;
  }
  return not_found(form, id);
}

aws::ApiResult<Cidr> parse_subnet_block(const std::string& text) {
  const auto block = Cidr::parse(text);
  if (!block || block->is_v4()) {
    return aws::invalid_value("Ipv6CidrBlock", text, "This is not a valid IPv6 CIDR block.");
  }
  if (block->length() < kShortestSubnet || block->length() > kLongestSubnet || block->length() % kSubnetStep != 0) {
    return aws::invalid_value("Ipv6CidrBlock", text, "The prefix must be /56, /60 or /64.");
  }
  return *block;
}

}  // namespace

aws::ApiStatus check_border_group(const Call& call, bool amazon_provided, const std::optional<std::string>& group) {
  constexpr const char* kName = "Ipv6CidrBlockNetworkBorderGroup";
  if (!group) return {};
  if (!amazon_provided) {
    return aws::invalid_combination(fmt::format("{} goes with AmazonProvidedIpv6CidrBlock only", kName));
  }
  if (*group == call.region.name) return {};
  return aws::invalid_value(kName, *group, fmt::format("The region has one border group, {}.", call.region.name));
}

aws::ApiStatus add_ipv6_block(const Call& call, model::Vpc& vpc) {
  if (vpc.ipv6_blocks.size() >= kMaxIpv6BlocksPerVpc) {
    return aws::api_error(
        "CidrLimitExceeded",
        fmt::format("This network '{}' has met its maximum number of allowed CIDRs: {}", vpc.id, kMaxIpv6BlocksPerVpc));
  }
  std::set<std::string> used;
  for (const auto* other : call.snapshot.table<model::Vpc>().all()) {
    for (const auto& block : other->ipv6_blocks) used.insert(block.cidr);
  }
  const Cidr& pool = call.region.ipv6_pool;
  for (Cidr block(pool.base(), kVpcIpv6Length); pool.contains(block);
       block = Cidr(block.last().plus(1), kVpcIpv6Length)) {
    if (used.contains(block.to_string())) continue;
    vpc.ipv6_blocks.push_back({make_resource_id("vpc-cidr-assoc", call.random), block.to_string()});
    return {};
  }
  return aws::api_error("InsufficientAddressCapacity",
                        fmt::format("All IPv6 CIDR blocks of the region's pool {} are in use.", pool.to_string()));
}

aws::ApiStatus set_ipv6_block(const Call& call, const model::Vpc& vpc, const std::string& text, model::Subnet& subnet) {
  GINNEL_TRY(const Cidr block, parse_subnet_block(text));
  const auto refused = [&](std::string_view why) {
    return aws::api_error("InvalidSubnet.Range", fmt::format("The IPv6 CIDR '{}' is invalid. {}", text, why));
  };
  if (!subnet.ipv6_cidr.empty()) {
    return aws::api_error("InvalidSubnet.Conflict", fmt::format("The subnet '{}' already has an IPv6 CIDR block ({})",
                                                                subnet.id, subnet.ipv6_cidr));
  }
  if (vpc.ipv6_blocks.empty()) return refused(fmt::format("The vpc {} has no IPv6 CIDR block.", vpc.id));
  const auto holds = [&](const model::Ipv6Block& whole) { return stored_block(whole.cidr).contains(block); };
  if (std::none_of(vpc.ipv6_blocks.begin(), vpc.ipv6_blocks.end(), holds)) {
    std::vector<std::string> known;
    for (const auto& whole : vpc.ipv6_blocks) known.push_back(whole.cidr);
    return refused(fmt::format("It is not within {} of {}.", fmt::join(known, ", "), vpc.id));
  }
  for (const auto* other : call.snapshot.table<model::Subnet>().referring_to(vpc.id)) {
    if (other->ipv6_cidr.empty() || !stored_block(other->ipv6_cidr).overlaps(block)) continue;
    return aws::api_error("InvalidSubnet.Conflict", fmt::format("The CIDR '{}' conflicts with another subnet ({}, {})",
                                                                text, other->id, other->ipv6_cidr));
  }
  subnet.ipv6_association = make_resource_id("subnet-cidr-assoc", call.random);
  subnet.ipv6_cidr = block.to_string();
  return {};
}

std::vector<ec2::VpcIpv6CidrBlockAssociation> ipv6_blocks(const Call& call, const model::Vpc& vpc) {
  std::vector<ec2::VpcIpv6CidrBlockAssociation> out;
  for (const auto& block : vpc.ipv6_blocks) out.push_back(to_wire(call, block, kAssociated));
  return out;
}

std::vector<ec2::SubnetIpv6CidrBlockAssociation> ipv6_blocks(const model::Subnet& subnet) {
  if (subnet.ipv6_cidr.empty()) return {};
  return {to_wire(subnet, kAssociated)};
}

ActionResult<ec2::AssociateVpcCidrBlockResponse> associate_vpc_cidr_block(
    const Call& call, const ec2::AssociateVpcCidrBlockRequest& request) {
  GINNEL_TRY(const auto* found, find_owned<model::Vpc>(call, *request.vpc_id));
  const bool provided = request.amazon_provided_ipv6_cidr_block.value_or(false);
  GINNEL_CHECKED(check_border_group(call, provided, request.ipv6_cidr_block_network_border_group));
  if (!provided) {
    return aws::missing_parameter("AmazonProvidedIpv6CidrBlock");
  }
  model::Vpc vpc = *found;
  GINNEL_CHECKED(add_ipv6_block(call, vpc));
  Done<ec2::AssociateVpcCidrBlockResponse> done;
  if (found->ipv6_blocks.empty()) let_ipv6_out(call, done.change, vpc);
  done.response.vpc_id = vpc.id;
  done.response.ipv6_cidr_block_association = to_wire(call, vpc.ipv6_blocks.back(), kAssociated);
  done.change.put(std::move(vpc));
  return done;
}

ActionResult<ec2::DisassociateVpcCidrBlockResponse> disassociate_vpc_cidr_block(
    const Call& call, const ec2::DisassociateVpcCidrBlockRequest& request) {
  const std::string& id = *request.association_id;
  GINNEL_TRY(const auto* found, find_association<model::Vpc>(call, kVpcAssociation, id));
  model::Vpc vpc = *found;
  if (id == vpc.cidr_association) {
    return aws::api_error("OperationNotPermitted",
                          fmt::format("The vpc CIDR block with association ID {} may not be disassociated. It is the "
                                      "primary IPv4 CIDR block of the VPC",
                                      id));
  }
  const auto at = std::find_if(vpc.ipv6_blocks.begin(), vpc.ipv6_blocks.end(),
                               [&](const auto& block) { return block.association == id; });
  GINNEL_CHECK(at != vpc.ipv6_blocks.end(), "a VPC refers to the associations of its blocks");
  for (const auto* subnet : call.snapshot.table<model::Subnet>().referring_to(vpc.id)) {
    if (subnet->ipv6_cidr.empty() || !stored_block(at->cidr).contains(stored_block(subnet->ipv6_cidr))) continue;
    return in_use(fmt::format("vpc {} currently has a subnet", vpc.id), at->cidr, subnet->id);
  }
  Done<ec2::DisassociateVpcCidrBlockResponse> done;
  done.response.vpc_id = vpc.id;
  done.response.ipv6_cidr_block_association = to_wire(call, *at, kDisassociated);
  vpc.ipv6_blocks.erase(at);
  done.change.put(std::move(vpc));
  return done;
}

ActionResult<ec2::AssociateSubnetCidrBlockResponse> associate_subnet_cidr_block(
    const Call& call, const ec2::AssociateSubnetCidrBlockRequest& request) {
  GINNEL_TRY(const auto* found, find_owned<model::Subnet>(call, *request.subnet_id));
  if (!request.ipv6_cidr_block) return aws::missing_parameter("Ipv6CidrBlock");
  GINNEL_TRY(const auto* vpc, find_owned<model::Vpc>(call, found->vpc));
  model::Subnet subnet = *found;
  GINNEL_CHECKED(set_ipv6_block(call, *vpc, *request.ipv6_cidr_block, subnet));
  Done<ec2::AssociateSubnetCidrBlockResponse> done;
  done.response.subnet_id = subnet.id;
  done.response.ipv6_cidr_block_association = to_wire(subnet, kAssociated);
  done.change.put(std::move(subnet));
  return done;
}

ActionResult<ec2::DisassociateSubnetCidrBlockResponse> disassociate_subnet_cidr_block(
    const Call& call, const ec2::DisassociateSubnetCidrBlockRequest& request) {
  GINNEL_TRY(const auto* found, find_association<model::Subnet>(call, kSubnetAssociation, *request.association_id));
  for (const auto* interface : call.snapshot.table<model::NetworkInterface>().referring_to(found->id)) {
    if (interface->address6.empty()) continue;
    return in_use(fmt::format("subnet {} currently has a network interface with an address", found->id),
                  found->ipv6_cidr, interface->id);
  }
  Done<ec2::DisassociateSubnetCidrBlockResponse> done;
  done.response.subnet_id = found->id;
  done.response.ipv6_cidr_block_association = to_wire(*found, kDisassociated);
  model::Subnet subnet = *found;
  subnet.ipv6_association.clear();
  subnet.ipv6_cidr.clear();
  subnet.assign_ipv6 = false;
  done.change.put(std::move(subnet));
  return done;
}

}  // namespace ginnel::api
