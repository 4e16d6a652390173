// The provider's side of endpoints: who is connected to its services, and who waits to be let in.
#pragma once

#include "api/call.h"
#include "generated/ec2.h"

namespace ginnel::api {

// Endpoints of all accounts that were made for the caller's services.
aws::ApiResult<ec2::DescribeVpcEndpointConnectionsResponse> describe_connections(
    const Call& call, const ec2::DescribeVpcEndpointConnectionsRequest& request);

// pendingAcceptance and rejected → pending. One that is accepted already stays as it is. A rejected one has given up
// its private names, and its load balancer may have left the service: where another endpoint of its VPC holds a name by
// now, or no load balancer stands in all its zones, it is an unsuccessful item.
ActionResult<ec2::AcceptVpcEndpointConnectionsResponse> accept_connections(
    const Call& call, const ec2::AcceptVpcEndpointConnectionsRequest& request);
// pendingAcceptance, pending and available → rejected. One that is rejected already stays as it is.
ActionResult<ec2::RejectVpcEndpointConnectionsResponse> reject_connections(
    const Call& call, const ec2::RejectVpcEndpointConnectionsRequest& request);

}  // namespace ginnel::api
