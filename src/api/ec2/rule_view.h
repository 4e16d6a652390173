// Security group rules in answers.
#pragma once

#include <vector>

#include "api/call.h"
#include "generated/ec2.h"

namespace ginnel::api {

// The rules of one direction as permissions: one for each protocol and port range, with all its sources.
[[nodiscard]] std::vector<ec2::IpPermission> permission_set(const Call& call,
                                                            std::vector<const model::SecurityGroupRule*> rules);
[[nodiscard]] ec2::SecurityGroupRule rule_to_wire(const Call& call, const model::SecurityGroupRule& rule);
[[nodiscard]] ec2::RevokedSecurityGroupRule revoked_to_wire(const model::SecurityGroupRule& rule);

}  // namespace ginnel::api
