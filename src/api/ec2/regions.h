// DescribeRegions, DescribeAvailabilityZones, DescribeAccountAttributes, DescribePrefixLists: what the configuration
// says of the region, and what is the same for every account.
#pragma once

#include "api/call.h"
#include "generated/ec2.h"

namespace ginnel::api {

aws::ApiResult<ec2::DescribeRegionsResponse> describe_regions(const Call& call,
                                                              const ec2::DescribeRegionsRequest& request);
aws::ApiResult<ec2::DescribeAvailabilityZonesResponse> describe_availability_zones(
    const Call& call, const ec2::DescribeAvailabilityZonesRequest& request);
aws::ApiResult<ec2::DescribeAccountAttributesResponse> describe_account_attributes(
    const Call& call, const ec2::DescribeAccountAttributesRequest& request);
// The region has no prefix lists, but clients ask for them on every read of an interface endpoint.
aws::ApiResult<ec2::DescribePrefixListsResponse> describe_prefix_lists(const Call& call,
                                                                       const ec2::DescribePrefixListsRequest& request);

}  // namespace ginnel::api
