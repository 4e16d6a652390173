// DescribeVpcAttribute, ModifyVpcAttribute: one attribute per call.
#pragma once

#include "api/call.h"
#include "generated/ec2.h"

namespace ginnel::api {

aws::ApiResult<ec2::DescribeVpcAttributeResponse> describe_vpc_attribute(
    const Call& call, const ec2::DescribeVpcAttributeRequest& request);
// DNS hostnames can only be turned on where DNS support is on. Turning DNS support off leaves the other attribute as
// it is, as in EC2; names then need both to be on again.
ActionResult<ec2::ModifyVpcAttributeResponse> modify_vpc_attribute(const Call& call,
                                                                   const ec2::ModifyVpcAttributeRequest& request);

}  // namespace ginnel::api
