#include "api/elbv2/tags.h"

#include <fmt/format.h>

#include <set>

#include "api/elbv2/errors.h"
#include "api/tags.h"

namespace ginnel::api {
namespace {

constexpr size_t kMaxDescribed = 20;

template <typename T>
aws::ApiResult<model::Tags> tags_of(const Call& call, const std::string& arn) {
  GINNEL_CHECKED(find_by_arn<T>(call, arn));
  const auto* tags = call.snapshot.find<model::Tags>(arn);
  if (tags != nullptr) return *tags;
  return model::Tags{.id = arn, .account = call.account, .resource_type = std::string(kArnForm<T>.tag_type)};
}

aws::ApiResult<model::Tags> find_tags(const Call& call, const std::string& arn) {
  if (is_arn(call, kArnForm<model::LoadBalancer>, arn)) return tags_of<model::LoadBalancer>(call, arn);
  if (is_arn(call, kArnForm<model::TargetGroup>, arn)) return tags_of<model::TargetGroup>(call, arn);
  if (is_arn(call, kArnForm<model::Listener>, arn)) return tags_of<model::Listener>(call, arn);
  return bad_value("ResourceArns", arn, "It is not the ARN of a load balancer, a target group or a listener.");
}

// The tags of each resource, each once.
aws::ApiResult<std::vector<model::Tags>> find_all(const Call& call, const std::vector<std::string>& arns) {
  if (arns.empty()) return missing("ResourceArns");
  std::vector<model::Tags> out;
  for (const auto& arn : std::set<std::string>(arns.begin(), arns.end())) {
    GINNEL_TRY(model::Tags tags, find_tags(call, arn));
    out.push_back(std::move(tags));
  }
  return out;
}

aws::ApiStatus check_count(size_t count) {
  if (count <= kMaxTags) return {};
  return aws::api_error("TooManyTags", fmt::format("A resource can have at most {} tags.", kMaxTags));
}

}  // namespace

aws::ApiResult<model::TagMap> parse_elb_tags(const std::vector<elbv2::Tag>& tags) {
  std::vector<ec2::Tag> same;
  std::set<std::string> keys;
  for (const auto& tag : tags) {
    if (!keys.insert(*tag.key).second) {
      return aws::api_error("DuplicateTagKeys", fmt::format("Tag key was specified more than once: {}", *tag.key));
    }
    same.push_back({.key = tag.key, .value = tag.value});
  }
  auto parsed = parse_tags(same, "Tags.member");
  if (!parsed) return validation_error(parsed.error().message);
  GINNEL_CHECKED(check_count(parsed->size()));
  return *parsed;
}

ActionResult<elbv2::AddTagsResponse> add_elb_tags(const Call& call, const elbv2::AddTagsRequest& request) {
  if (request.tags.empty()) return missing("Tags");
  GINNEL_TRY(const model::TagMap added, parse_elb_tags(request.tags));
  GINNEL_TRY(auto resources, find_all(call, request.resource_arns));
  Done<elbv2::AddTagsResponse> done;
  for (auto& resource : resources) {
    for (const auto& [key, value] : added) resource.tags[key] = value;
    GINNEL_CHECKED(check_count(resource.tags.size()));
    put_tags(call, done.change, std::move(resource));
  }
  return done;
}

ActionResult<elbv2::RemoveTagsResponse> remove_elb_tags(const Call& call, const elbv2::RemoveTagsRequest& request) {
  if (request.tag_keys.empty()) return missing("TagKeys");
  GINNEL_TRY(auto resources, find_all(call, request.resource_arns));
  Done<elbv2::RemoveTagsResponse> done;
  for (auto& resource : resources) {
    for (const auto& key : request.tag_keys) resource.tags.erase(key);
    put_tags(call, done.change, std::move(resource));
  }
  return done;
}

aws::ApiResult<elbv2::DescribeTagsResponse> describe_elb_tags(const Call& call,
                                                              const elbv2::DescribeTagsRequest& request) {
  if (request.resource_arns.size() > kMaxDescribed) {
    return bad_value("ResourceArns", fmt::to_string(request.resource_arns.size()),
                     fmt::format("One call describes up to {} resources.", kMaxDescribed));
  }
  elbv2::DescribeTagsResponse response;
  GINNEL_TRY(const auto resources, find_all(call, request.resource_arns));
  for (const auto& resource : resources) {
    elbv2::TagDescription description;
    description.resource_arn = resource.id;
    for (const auto& [key, value] : resource.tags) description.tags.push_back({.key = key, .value = value});
    response.tag_descriptions.push_back(std::move(description));
  }
  return response;
}

}  // namespace ginnel::api
