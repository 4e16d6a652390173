// DescribeVpcEndpoints, and an endpoint in other answers.
#pragma once

#include <vector>

#include "api/call.h"
#include "generated/ec2.h"

namespace ginnel::api {

aws::ApiResult<ec2::DescribeVpcEndpointsResponse> describe_vpc_endpoints(
    const Call& call, const ec2::DescribeVpcEndpointsRequest& request);
// Associations lead to VPC Lattice resources and service networks, which endpoints cannot be made for here: there are
// none. The endpoints that are named must exist.
aws::ApiResult<ec2::DescribeVpcEndpointAssociationsResponse> describe_vpc_endpoint_associations(
    const Call& call, const ec2::DescribeVpcEndpointAssociationsRequest& request);

// Regional, zonal, private, each with the hosted zone that it stands in.
[[nodiscard]] std::vector<ec2::DnsEntry> dns_entries(const Call& call, const model::VpcEndpoint& endpoint);
[[nodiscard]] ec2::VpcEndpoint to_wire(const Call& call, const model::VpcEndpoint& endpoint);

}  // namespace ginnel::api
