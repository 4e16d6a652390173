// The security groups of network interfaces.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"
#include "generated/ec2.h"

namespace ginnel::api {

// The groups that a request names for interfaces in the VPC, each once, in the request's order; the VPC's default
// group where it names none. Groups of other VPCs, and too many, are errors.
aws::ApiResult<std::vector<std::string>> resolve_groups(const Call& call, const std::string& vpc_id,
                                                        const std::vector<std::string>& wanted);

[[nodiscard]] std::vector<ec2::GroupIdentifier> group_set(const Call& call, const std::vector<std::string>& ids);
[[nodiscard]] std::vector<std::string> group_names(const Call& call, const std::vector<std::string>& ids);

}  // namespace ginnel::api
