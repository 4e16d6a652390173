// CreateTags, DeleteTags, DescribeTags.
#pragma once

#include "api/call.h"
#include "generated/ec2.h"

namespace ginnel::api {

// On all of the resources, or on none of them. A tag that is there gets the new value.
ActionResult<ec2::CreateTagsResponse> create_tags(const Call& call, const ec2::CreateTagsRequest& request);
// Without tags, all of them; a tag with a value goes only where it has that value.
ActionResult<ec2::DeleteTagsResponse> delete_tags(const Call& call, const ec2::DeleteTagsRequest& request);
aws::ApiResult<ec2::DescribeTagsResponse> describe_tags(const Call& call, const ec2::DescribeTagsRequest& request);

}  // namespace ginnel::api
