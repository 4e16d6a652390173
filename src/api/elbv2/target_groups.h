// ELBv2 CreateTargetGroup, DescribeTargetGroups, ModifyTargetGroup, DeleteTargetGroup.
#pragma once

#include "api/call.h"
#include "generated/elbv2.h"

namespace ginnel::api {

// Quota of an account.
inline constexpr size_t kMaxTargetGroups = 3000;

// A second call with the same name and the same settings gets the same target group.
ActionResult<elbv2::CreateTargetGroupResponse> create_target_group(const Call& call,
                                                                   const elbv2::CreateTargetGroupRequest& request);
aws::ApiResult<elbv2::DescribeTargetGroupsResponse> describe_target_groups(
    const Call& call, const elbv2::DescribeTargetGroupsRequest& request);
ActionResult<elbv2::ModifyTargetGroupResponse> modify_target_group(const Call& call,
                                                                   const elbv2::ModifyTargetGroupRequest& request);
// With its targets. One that is not there (any more) is no error; one that a listener uses is.
ActionResult<elbv2::DeleteTargetGroupResponse> delete_target_group(const Call& call,
                                                                   const elbv2::DeleteTargetGroupRequest& request);

}  // namespace ginnel::api
