// Snapshot to plan: what must stand in the kernel and in the resolver, as values (plan.h).
//
// Pure functions; safe from any thread. The plan of a VPC depends on nothing but the VPC's own resources, the
// region's configuration and the facts of the host, and not on the order in which resources came into being.
#pragma once

#include <string>
#include <string_view>

#include "model/region.h"
#include "model/snapshot.h"
#include "planner/plan.h"

namespace ginnel::plan {

// Links of the resolver of VPC n have the number kResolverLinks | n, which no endpoint's number reaches.
inline constexpr LinkNumber kResolverLinks = 0x8000'0000U;
// The resolver answers at the VPC's base address + 2 and here.
inline constexpr std::string_view kResolverAddress = "169.254.169.253";
inline constexpr std::string_view kResolverAddress6 = "fd00:ec2::253";  // where the VPC has IPv6

// Of a model::PortAttachment.
[[nodiscard]] Result<PortKind> port_kind(std::string_view kind);

// `tag` marks the region's kernel objects: 8 hexadecimal digits.
[[nodiscard]] HostPlan plan_host(const model::Region& region, std::string_view tag, const Cidr& synthetic_range);

// Who is in it: instances that are pending or running, interfaces that are attached to this host, endpoints that are
// pending or available. What is on its way
// out (shutting-down, deleting) has no port, no address, no link and no name any more.
//
// An interface keeps the synthetic address that `facts` give it; others get the lowest free ones. The caller enters
// those of the plan into its facts before it plans another VPC. An Error where the VPC is not there, the range is used
// up, or a stored document makes no sense; it names the resource.
//
// An endpoint whose service the configuration lacks keeps its addresses, but has no link and no name.
[[nodiscard]] Result<VpcPlan> plan_vpc(const model::Snapshot& snapshot, const model::Region& region,
                                       const std::string& vpc_id, const HostFacts& facts, const HostPlan& host);

}  // namespace ginnel::plan
