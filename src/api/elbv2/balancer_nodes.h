// Where a load balancer stands: one node a zone, each a network interface with an address of its subnet.
#pragma once

#include <string>
#include <vector>

#include "api/call.h"
#include "api/ec2/addresses.h"
#include "generated/elbv2.h"

namespace ginnel::api {

// What a request says of one node.
struct WantedNode {
  const model::Subnet* subnet = nullptr;
  std::string address, address6;  // of its choice, or empty
  friend bool operator==(const WantedNode&, const WantedNode&) = default;
};

// The nodes that Subnets or SubnetMappings ask for: exactly one of the two, in one VPC, one subnet a zone. By zone.
aws::ApiResult<std::vector<WantedNode>> read_nodes(const Call& call, const std::vector<std::string>& subnets,
                                                   const std::vector<elbv2::SubnetMapping>& mappings);
// Every subnet has an IPv6 block where the type is dualstack; no node asks for an IPv6 address where it is not.
aws::ApiStatus check_address_type(const std::string& type, const std::vector<WantedNode>& wanted);
// Whether the load balancer stands exactly there.
[[nodiscard]] bool stands_at(const Call& call, const model::LoadBalancer& balancer,
                             const std::vector<WantedNode>& wanted);

// Gives `balancer` these nodes: interfaces that stay keep their addresses, others go or come. IPv6 addresses come and
// go at the interfaces that stay, as the load balancer's address type says. Its account, id, groups and type must be
// set.
aws::ApiStatus place_nodes(const Call& call, model::LoadBalancer& balancer, const std::vector<WantedNode>& wanted,
                           model::Change& change);
// The interfaces of the load balancer go, with their tags.
void remove_nodes(const Call& call, const model::LoadBalancer& balancer, model::Change& change);

[[nodiscard]] std::vector<elbv2::AvailabilityZone> zones_of(const Call& call, const model::LoadBalancer& balancer);

}  // namespace ginnel::api
