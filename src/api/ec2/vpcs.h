// CreateVpc, DescribeVpcs, DeleteVpc.
#pragma once

#include "api/call.h"
#include "generated/ec2.h"

namespace ginnel::api {

// The VPC comes with its default security group.
ActionResult<ec2::CreateVpcResponse> create_vpc(const Call& call, const ec2::CreateVpcRequest& request);
aws::ApiResult<ec2::DescribeVpcsResponse> describe_vpcs(const Call& call, const ec2::DescribeVpcsRequest& request);
// Refused while anything but the default security group is in it, which goes with it.
ActionResult<ec2::DeleteVpcResponse> delete_vpc(const Call& call, const ec2::DeleteVpcRequest& request);

}  // namespace ginnel::api
