// Who may make endpoints for a service (api/ec2/service_access.h says what a permission comes to).
#pragma once

#include "api/call.h"
#include "generated/ec2.h"

namespace ginnel::api {

// Principals that are there already are answered with the permission that they have; removing one that is not there
// does nothing. Whoever is connected stays connected.
ActionResult<ec2::ModifyVpcEndpointServicePermissionsResponse> modify_service_permissions(
    const Call& call, const ec2::ModifyVpcEndpointServicePermissionsRequest& request);
aws::ApiResult<ec2::DescribeVpcEndpointServicePermissionsResponse> describe_service_permissions(
    const Call& call, const ec2::DescribeVpcEndpointServicePermissionsRequest& request);

}  // namespace ginnel::api
