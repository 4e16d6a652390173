// AuthorizeSecurityGroupIngress/Egress, RevokeSecurityGroupIngress/Egress,
// ModifySecurityGroupRules, DescribeSecurityGroupRules.
#pragma once

#include "api/call.h"
#include "generated/ec2.h"

namespace ginnel::api {

// All the rules of a request, or none of them. How many there may be: rules_in_force.h.
ActionResult<ec2::AuthorizeSecurityGroupIngressResponse> authorize_ingress(
    const Call& call, const ec2::AuthorizeSecurityGroupIngressRequest& request);
ActionResult<ec2::AuthorizeSecurityGroupEgressResponse> authorize_egress(
    const Call& call, const ec2::AuthorizeSecurityGroupEgressRequest& request);

// Rules by id, or by their values, which must all be there.
ActionResult<ec2::RevokeSecurityGroupIngressResponse> revoke_ingress(
    const Call& call, const ec2::RevokeSecurityGroupIngressRequest& request);
ActionResult<ec2::RevokeSecurityGroupEgressResponse> revoke_egress(
    const Call& call, const ec2::RevokeSecurityGroupEgressRequest& request);

// What rules of one group say becomes another thing; their ids and directions stay. All of the changes, or none.
ActionResult<ec2::ModifySecurityGroupRulesResponse> modify_security_group_rules(
    const Call& call, const ec2::ModifySecurityGroupRulesRequest& request);

aws::ApiResult<ec2::DescribeSecurityGroupRulesResponse> describe_security_group_rules(
    const Call& call, const ec2::DescribeSecurityGroupRulesRequest& request);

}  // namespace ginnel::api
