// CreateSecurityGroup, DescribeSecurityGroups, DeleteSecurityGroup.
#pragma once

#include "api/call.h"
#include "api/filters.h"
#include "generated/ec2.h"

namespace ginnel::api {

// There is no default VPC, so the VPC must be named.
ActionResult<ec2::CreateSecurityGroupResponse> create_security_group(const Call& call,
                                                                     const ec2::CreateSecurityGroupRequest& request);
aws::ApiResult<ec2::DescribeSecurityGroupsResponse> describe_security_groups(
    const Call& call, const ec2::DescribeSecurityGroupsRequest& request);
// Refused for a VPC's default group, and while interfaces, endpoints or rules of other groups name the group.
ActionResult<ec2::DeleteSecurityGroupResponse> delete_security_group(const Call& call,
                                                                     const ec2::DeleteSecurityGroupRequest& request);

// The group that a request names by id or by name. EC2 looks names up in the default VPC; here a name will do where
// only one VPC of the caller's has it.
aws::ApiResult<const model::SecurityGroup*> resolve_group(const Call& call, const std::optional<std::string>& id,
                                                          const std::optional<std::string>& name);

[[nodiscard]] const Attributes<model::SecurityGroup>& security_group_attributes();

}  // namespace ginnel::api
