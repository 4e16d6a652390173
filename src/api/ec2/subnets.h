// CreateSubnet, DescribeSubnets, DeleteSubnet, ModifySubnetAttribute.
#pragma once

#include "api/call.h"
#include "api/filters.h"
#include "generated/ec2.h"

namespace ginnel::api {

// Without a zone, the subnet is in the region's first.
ActionResult<ec2::CreateSubnetResponse> create_subnet(const Call& call, const ec2::CreateSubnetRequest& request);
aws::ApiResult<ec2::DescribeSubnetsResponse> describe_subnets(const Call& call,
                                                              const ec2::DescribeSubnetsRequest& request);
// Refused while network interfaces or endpoints are in it.
ActionResult<ec2::DeleteSubnetResponse> delete_subnet(const Call& call, const ec2::DeleteSubnetRequest& request);
// One attribute per call. There are no public addresses, so subnets cannot give them out.
ActionResult<ec2::ModifySubnetAttributeResponse> modify_subnet_attribute(
    const Call& call, const ec2::ModifySubnetAttributeRequest& request);

// What DescribeSubnets can filter by.
[[nodiscard]] const Attributes<model::Subnet>& subnet_attributes();
[[nodiscard]] std::string subnet_arn(const model::Region& region, const model::Subnet& subnet);

}  // namespace ginnel::api
