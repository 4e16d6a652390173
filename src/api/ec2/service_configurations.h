// What a provider offers: its endpoint services.
#pragma once

#include "api/call.h"
#include "generated/ec2.h"

namespace ginnel::api {

ActionResult<ec2::CreateVpcEndpointServiceConfigurationResponse> create_service_configuration(
    const Call& call, const ec2::CreateVpcEndpointServiceConfigurationRequest& request);
// Those that are in use, or not there, are unsuccessful items. With a service go its permissions, its notifications and
// its tags; endpoints that it has rejected stay with their owners.
ActionResult<ec2::DeleteVpcEndpointServiceConfigurationsResponse> delete_service_configurations(
    const Call& call, const ec2::DeleteVpcEndpointServiceConfigurationsRequest& request);
aws::ApiResult<ec2::DescribeVpcEndpointServiceConfigurationsResponse> describe_service_configurations(
    const Call& call, const ec2::DescribeVpcEndpointServiceConfigurationsRequest& request);

}  // namespace ginnel::api
