// IPv6 blocks of VPCs and subnets: AssociateVpcCidrBlock, DisassociateVpcCidrBlock, AssociateSubnetCidrBlock,
// DisassociateSubnetCidrBlock, and what they share with the actions that create and show.
//
// A VPC's blocks are /56, taken from the region's pool, up to five of them; no two VPCs of the region have the same. A
// subnet has at most one, of /64, /60 or /56, within a block of its VPC. Blocks come and go at once: the state is
// "associated", and "disassociated" in the answer that takes one away.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/call.h"
#include "generated/ec2.h"

namespace ginnel::api {

inline constexpr size_t kMaxIpv6BlocksPerVpc = 5;
inline constexpr unsigned kVpcIpv6Length = 56;

ActionResult<ec2::AssociateVpcCidrBlockResponse> associate_vpc_cidr_block(
    const Call& call, const ec2::AssociateVpcCidrBlockRequest& request);
// Refused while a subnet has a block within it, and for the IPv4 block.
ActionResult<ec2::DisassociateVpcCidrBlockResponse> disassociate_vpc_cidr_block(
    const Call& call, const ec2::DisassociateVpcCidrBlockRequest& request);
ActionResult<ec2::AssociateSubnetCidrBlockResponse> associate_subnet_cidr_block(
    const Call& call, const ec2::AssociateSubnetCidrBlockRequest& request);
// Refused while a network interface has an address of it.
ActionResult<ec2::DisassociateSubnetCidrBlockResponse> disassociate_subnet_cidr_block(
    const Call& call, const ec2::DisassociateSubnetCidrBlockRequest& request);

// Whether a request may name this border group: the region's own, and with an Amazon-provided block only.
aws::ApiStatus check_border_group(const Call& call, bool amazon_provided, const std::optional<std::string>& group);
// Gives the VPC the lowest block of the pool that no VPC has.
aws::ApiStatus add_ipv6_block(const Call& call, model::Vpc& vpc);
// Gives the subnet this block. It must be free, within one of the VPC's, and the subnet's first.
aws::ApiStatus set_ipv6_block(const Call& call, const model::Vpc& vpc, const std::string& text, model::Subnet& subnet);

[[nodiscard]] std::vector<ec2::VpcIpv6CidrBlockAssociation> ipv6_blocks(const Call& call, const model::Vpc& vpc);
[[nodiscard]] std::vector<ec2::SubnetIpv6CidrBlockAssociation> ipv6_blocks(const model::Subnet& subnet);

}  // namespace ginnel::api
