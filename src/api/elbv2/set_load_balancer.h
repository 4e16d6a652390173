// ELBv2 SetSubnets, SetSecurityGroups, SetIpAddressType.
#pragma once

#include "api/call.h"
#include "generated/elbv2.h"

namespace ginnel::api {

// The load balancer stands in exactly these subnets from now on. A zone in which an endpoint uses it cannot go.
ActionResult<elbv2::SetSubnetsResponse> set_subnets(const Call& call, const elbv2::SetSubnetsRequest& request);
// Only of a load balancer that was made with groups; it never has none again.
ActionResult<elbv2::SetSecurityGroupsResponse> set_security_groups(const Call& call,
                                                                   const elbv2::SetSecurityGroupsRequest& request);
// Internal load balancers have IPv4 addresses only, so there is nothing to change.
ActionResult<elbv2::SetIpAddressTypeResponse> set_ip_address_type(const Call& call,
                                                                  const elbv2::SetIpAddressTypeRequest& request);

}  // namespace ginnel::api
