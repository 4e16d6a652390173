// How many rules of security groups are in force, and how many may be, so that no accepted call leads to a plan that
// the packet path cannot carry out. Source: Amazon VPC quotas, security groups.
//
// Directions and families count on their own; a rule that names a group counts for both families, one that names a
// prefix list as many times as the list may have entries. On an interface a rule that several of its groups have counts
// once.
#pragma once

#include <string>
#include <vector>

#include "api/call.h"

namespace ginnel::api {

inline constexpr size_t kMaxRulesInForce = 1000;  // on an interface; no more than GINNEL_MAX_RULES_PER_POLICY
inline constexpr size_t kMaxGroupsPerInterface = 16;

// Whether an interface may have these groups together. SecurityGroupsPerInterfaceLimitExceeded.
aws::ApiStatus check_groups_together(const Call& call, const std::vector<std::string>& groups);

// Whether the group may have the rules of that direction that it has in the call's snapshot, by itself and on every
// interface that is in it. RulesPerSecurityGroupLimitExceeded.
aws::ApiStatus check_rules_of(const Call& call, const model::SecurityGroup& group, bool egress);

}  // namespace ginnel::api
