// ELBv2 Describe…Attributes and Modify…Attributes of load balancers, target groups and listeners.
// Which attributes there are and what they may be: model/attributes.h. One that nothing here depends on can be set to
// its default only.
#pragma once

#include "api/call.h"
#include "generated/elbv2.h"

namespace ginnel::api {

aws::ApiResult<elbv2::DescribeLoadBalancerAttributesResponse> describe_load_balancer_attributes(
    const Call& call, const elbv2::DescribeLoadBalancerAttributesRequest& request);
aws::ApiResult<elbv2::DescribeTargetGroupAttributesResponse> describe_target_group_attributes(
    const Call& call, const elbv2::DescribeTargetGroupAttributesRequest& request);
aws::ApiResult<elbv2::DescribeListenerAttributesResponse> describe_listener_attributes(
    const Call& call, const elbv2::DescribeListenerAttributesRequest& request);
ActionResult<elbv2::ModifyLoadBalancerAttributesResponse> modify_load_balancer_attributes(
    const Call& call, const elbv2::ModifyLoadBalancerAttributesRequest& request);
ActionResult<elbv2::ModifyTargetGroupAttributesResponse> modify_target_group_attributes(
    const Call& call, const elbv2::ModifyTargetGroupAttributesRequest& request);
ActionResult<elbv2::ModifyListenerAttributesResponse> modify_listener_attributes(
    const Call& call, const elbv2::ModifyListenerAttributesRequest& request);

}  // namespace ginnel::api
