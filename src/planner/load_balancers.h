// What a load balancer adds to the plan of its VPC: links at its nodes' addresses, balancers, targets, probes, names.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/region.h"
#include "model/snapshot.h"
#include "planner/balancing.h"
#include "planner/plan.h"
#include "planner/synthetic_pool.h"

namespace ginnel::plan {

// Links at the nodes of a load balancer have the number kListenerLinks | the listener's number.
inline constexpr LinkNumber kListenerLinks = 0x4000'0000U;

// The protocols that a listener or a target group of this protocol ("TCP", "UDP", "TCP_UDP") takes.
[[nodiscard]] std::vector<uint8_t> protocols_of(const std::string& protocol);

// Adds to `plan`, unsorted; `balancing` is the load balancer's, `groups` are the numbers of its security groups, whose
// policy the plan has. Probes get their addresses from `pool`.
[[nodiscard]] Status add_load_balancer(const model::Snapshot& snapshot, const model::Region& region,
                                       const model::LoadBalancer& balancer, const Balancing& balancing,
                                       const std::optional<std::vector<GroupNumber>>& groups, SyntheticPool& pool,
                                       VpcPlan& plan);

// The links of one interface of an endpoint, at its address, which lead to the listeners in the interface's zone.
void add_endpoint_links(const Balancing& balancing, const model::VpcEndpoint& endpoint, const IpAddress& address,
                        const std::string& zone, const std::vector<GroupNumber>& groups, VpcPlan& plan);

}  // namespace ginnel::plan
