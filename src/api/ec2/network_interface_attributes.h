// DescribeNetworkInterfaceAttribute, ModifyNetworkInterfaceAttribute: one attribute per call.
#pragma once

#include "api/call.h"
#include "generated/ec2.h"

namespace ginnel::api {

aws::ApiResult<ec2::DescribeNetworkInterfaceAttributeResponse> describe_network_interface_attribute(
    const Call& call, const ec2::DescribeNetworkInterfaceAttributeRequest& request);
// Interfaces of endpoints and load balancers are changed through these.
ActionResult<ec2::ModifyNetworkInterfaceAttributeResponse> modify_network_interface_attribute(
    const Call& call, const ec2::ModifyNetworkInterfaceAttributeRequest& request);

}  // namespace ginnel::api
