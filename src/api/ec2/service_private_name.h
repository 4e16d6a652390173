// The private name of an endpoint service: its form, and the record that shows who owns the domain.
// Source: "Manage DNS names for VPC endpoint services" (AWS PrivateLink guide).
#pragma once

#include <string>

#include "api/call.h"
#include "generated/ec2.h"

namespace ginnel::api {

// A domain name of at least two labels, kept in small letters; wildcards are not supported.
aws::ApiResult<std::string> parse_private_name(const std::string& name);
// Gives the service a name that is to be verified by a new record. The name that it has already stays as it is.
void set_private_name(const Call& call, model::EndpointService& service, const std::string& name);
void remove_private_name(model::EndpointService& service);

ActionResult<ec2::StartVpcEndpointServicePrivateDnsVerificationResponse> start_private_dns_verification(
    const Call& call, const ec2::StartVpcEndpointServicePrivateDnsVerificationRequest& request);

}  // namespace ginnel::api
