// Network interfaces that stand by themselves, the description of all of them, and what other answers show of one.
#pragma once

#include "api/call.h"
#include "api/filters.h"
#include "generated/ec2.h"

namespace ginnel::api {

aws::ApiResult<ec2::DescribeNetworkInterfacesResponse> describe_network_interfaces(
    const Call& call, const ec2::DescribeNetworkInterfacesRequest& request);

// One private IPv4 address, of the subnet. It is `available` until an operator attaches it (`ginnel attach`).
ActionResult<ec2::CreateNetworkInterfaceResponse> create_network_interface(
    const Call& call, const ec2::CreateNetworkInterfaceRequest& request);
// Not while something has it.
ActionResult<ec2::DeleteNetworkInterfaceResponse> delete_network_interface(
    const Call& call, const ec2::DeleteNetworkInterfaceRequest& request);

// Up to 255 characters.
aws::ApiStatus check_interface_description(std::string_view parameter, std::string_view text);

[[nodiscard]] ec2::NetworkInterface to_wire(const Call& call, const model::NetworkInterface& interface);
// Of one that is attached.
[[nodiscard]] ec2::NetworkInterfaceAttachment attachment_of(const model::NetworkInterface& interface);
[[nodiscard]] ec2::InstanceNetworkInterface instance_interface(const Call& call,
                                                               const model::NetworkInterface& interface);

// Filters of DescribeNetworkInterfaces, by their names there.
[[nodiscard]] const Attributes<model::NetworkInterface>& interface_attributes();

}  // namespace ginnel::api
