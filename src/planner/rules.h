// Security-group rules as the packet path judges them.
#pragma once

#include <string_view>
#include <vector>

#include "model/snapshot.h"
#include "planner/plan.h"

namespace ginnel::plan {

// "tcp", "udp", "icmp", "icmpv6", "-1" or a number from 0 to 254 as text.
[[nodiscard]] Result<uint8_t> protocol_number(std::string_view protocol);

// `referenced` is the number of the rule's referenced group; not used where the rule names none.
[[nodiscard]] Result<Rule> compile_rule(const model::SecurityGroupRule& rule, GroupNumber referenced);

// The policy of interfaces that are in exactly these groups of the VPC. A rule that refers to a group that this VPC
// does not have admits nobody and is left out; one that names a prefix list stands for a rule of each of its entries.
[[nodiscard]] Result<Policy> compile_policy(const model::Snapshot& snapshot,
                                            const std::vector<const model::SecurityGroup*>& groups);

}  // namespace ginnel::plan
