// AddTags, RemoveTags, DescribeTags of ELBv2, and tags given when something is made.
// Source: "Tag your Elastic Load Balancing resources"; the rules are those of EC2, the error codes are not.
#pragma once

#include <string>
#include <vector>

#include "api/call.h"
#include "api/elbv2/arns.h"
#include "generated/elbv2.h"

namespace ginnel::api {

ActionResult<elbv2::AddTagsResponse> add_elb_tags(const Call& call, const elbv2::AddTagsRequest& request);
ActionResult<elbv2::RemoveTagsResponse> remove_elb_tags(const Call& call, const elbv2::RemoveTagsRequest& request);
aws::ApiResult<elbv2::DescribeTagsResponse> describe_elb_tags(const Call& call,
                                                              const elbv2::DescribeTagsRequest& request);

// The tags of a request, checked.
aws::ApiResult<model::TagMap> parse_elb_tags(const std::vector<elbv2::Tag>& tags);

// Gives a new resource its tags, if there are any.
template <typename T>
void put_elb_tags(const Call& call, model::Change& change, const T& resource, const model::TagMap& tags) {
  if (tags.empty()) return;
  change.put(model::Tags{
      .id = resource.id, .account = call.account, .resource_type = std::string(kArnForm<T>.tag_type), .tags = tags});
}

}  // namespace ginnel::api
