// DescribeNetworkInterfaces, and what other answers show of an interface.
#pragma once

#include "api/call.h"
#include "api/filters.h"
#include "generated/ec2.h"

namespace ginnel::api {

aws::ApiResult<ec2::DescribeNetworkInterfacesResponse> describe_network_interfaces(
    const Call& call, const ec2::DescribeNetworkInterfacesRequest& request);

[[nodiscard]] ec2::InstanceNetworkInterface instance_interface(const Call& call,
                                                               const model::NetworkInterface& interface);

// Filters of DescribeNetworkInterfaces, by their names there.
[[nodiscard]] const Attributes<model::NetworkInterface>& interface_attributes();

}  // namespace ginnel::api
