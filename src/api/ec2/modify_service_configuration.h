// Changes to an endpoint service.
#pragma once

#include "api/call.h"
#include "generated/ec2.h"

namespace ginnel::api {

// Whatever the call asks for, the service then stands in all zones that its load balancers have by now. Endpoints keep
// what they have: nobody is cut, and those that wait for acceptance go on waiting.
ActionResult<ec2::ModifyVpcEndpointServiceConfigurationResponse> modify_service_configuration(
    const Call& call, const ec2::ModifyVpcEndpointServiceConfigurationRequest& request);
// There is one value, and no way back; nobody is charged here, so it is kept and shown.
ActionResult<ec2::ModifyVpcEndpointServicePayerResponsibilityResponse> modify_payer_responsibility(
    const Call& call, const ec2::ModifyVpcEndpointServicePayerResponsibilityRequest& request);

}  // namespace ginnel::api
