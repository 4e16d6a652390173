// AuthorizeSecurityGroupIngress/Egress, RevokeSecurityGroupIngress/Egress, DescribeSecurityGroupRules.
#pragma once

#include "api/call.h"
#include "generated/ec2.h"

namespace ginnel::api {

// IPv4 and IPv6 count on their own; a group that is named counts for both.
inline constexpr size_t kMaxRulesPerDirection = 60;

// All the rules of a request, or none of them.
ActionResult<ec2::AuthorizeSecurityGroupIngressResponse> authorize_ingress(
    const Call& call, const ec2::AuthorizeSecurityGroupIngressRequest& request);
ActionResult<ec2::AuthorizeSecurityGroupEgressResponse> authorize_egress(
    const Call& call, const ec2::AuthorizeSecurityGroupEgressRequest& request);

// Rules by id, or by their values, which must all be there.
ActionResult<ec2::RevokeSecurityGroupIngressResponse> revoke_ingress(
    const Call& call, const ec2::RevokeSecurityGroupIngressRequest& request);
ActionResult<ec2::RevokeSecurityGroupEgressResponse> revoke_egress(
    const Call& call, const ec2::RevokeSecurityGroupEgressRequest& request);

aws::ApiResult<ec2::DescribeSecurityGroupRulesResponse> describe_security_group_rules(
    const Call& call, const ec2::DescribeSecurityGroupRulesRequest& request);

}  // namespace ginnel::api
