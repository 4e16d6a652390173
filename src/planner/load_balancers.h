// What a load balancer adds to the plan of its VPC: links at its nodes' addresses, balancers, targets, probes, names.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/region.h"
#include "model/snapshot.h"
#include "planner/plan.h"
#include "planner/synthetic_pool.h"

namespace ginnel::plan {

// Links at the nodes of a load balancer have the number kListenerLinks | the listener's number.
inline constexpr LinkNumber kListenerLinks = 0x4000'0000U;

// The protocols that a listener or a target group of this protocol ("TCP", "UDP", "TCP_UDP") takes.
[[nodiscard]] std::vector<uint8_t> protocols_of(const std::string& protocol);

// Adds to `plan`, unsorted; `groups` are the numbers of the load balancer's security groups, whose policy the plan has.
// Probes get their addresses from `pool`.
[[nodiscard]] Status add_load_balancer(const model::Snapshot& snapshot, const model::Region& region,
                                       const model::LoadBalancer& balancer,
                                       const std::optional<std::vector<GroupNumber>>& groups, SyntheticPool& pool,
                                       VpcPlan& plan);

// The links of one interface of an endpoint, which lead to the load balancer's listeners in the interface's zone.
[[nodiscard]] Status add_endpoint_links(const model::Snapshot& snapshot, const model::Region& region,
                                        const model::LoadBalancer& balancer, const model::VpcEndpoint& endpoint,
                                        const model::NetworkInterface& interface,
                                        const std::vector<GroupNumber>& groups, VpcPlan& plan);

}  // namespace ginnel::plan
