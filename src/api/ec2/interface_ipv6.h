// The IPv6 address of a network interface: what a request says of it when the interface is made, AssignIpv6Addresses,
// UnassignIpv6Addresses.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/call.h"
#include "api/ec2/addresses.h"
#include "generated/ec2.h"

namespace ginnel::api {

// What a request says: a number, addresses, or nothing. An interface has one address at most.
struct Ipv6Wish {
  std::optional<int> count;            // PREFIXIpv6AddressCount
  std::vector<std::string> addresses;  // PREFIXIpv6Addresses.N, of the parameter `parameter`
  std::string prefix;                  // "NetworkInterface.1.", or nothing
  std::string parameter = "Ipv6Addresses";

  // Reads the list as RunInstances and CreateNetworkInterface have it.
  [[nodiscard]] static aws::ApiResult<Ipv6Wish> read(const std::optional<int>& count,
                                                     const std::vector<ec2::InstanceIpv6Address>& addresses,
                                                     std::string prefix, std::string parameter = "Ipv6Addresses");
};

// The address of a new interface in the subnet; none where none is asked for. Where the request says nothing, the
// subnet's AssignIpv6AddressOnCreation decides.
aws::ApiResult<std::optional<IpAddress>> take_ipv6(SubnetAddresses& addresses, const model::Subnet& subnet,
                                                   const Ipv6Wish& wish);

ActionResult<ec2::AssignIpv6AddressesResponse> assign_ipv6_addresses(const Call& call,
                                                                     const ec2::AssignIpv6AddressesRequest& request);
ActionResult<ec2::UnassignIpv6AddressesResponse> unassign_ipv6_addresses(
    const Call& call, const ec2::UnassignIpv6AddressesRequest& request);

}  // namespace ginnel::api
