#include "api/ec2/tags.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "api/describe.h"
#include "api/elbv2/arns.h"
#include "api/tags.h"

namespace ginnel::api {
namespace {

constexpr size_t kMaxResources = 1000;

// The resource that the id names, as its tags are kept: with those that it has, or new.
template <typename T>
aws::ApiResult<model::Tags> tags_of(const Call& call, const std::string& id) {
  GINNEL_CHECKED(find_owned<T>(call, id));
  const auto* tags = call.snapshot.find<model::Tags>(id);
  if (tags != nullptr) return *tags;
  return model::Tags{.id = id, .account = call.account, .resource_type = std::string(kIdForm<T>.resource_type)};
}

// Which kind an id is of shows in what stands before its last dash.
aws::ApiResult<model::Tags> find_tags(const Call& call, const std::string& id) {
  const std::string_view prefix = std::string_view(id).substr(0, id.rfind('-'));
  if (prefix == kIdForm<model::Vpc>.prefix) return tags_of<model::Vpc>(call, id);
  if (prefix == kIdForm<model::Subnet>.prefix) return tags_of<model::Subnet>(call, id);
  if (prefix == kIdForm<model::SecurityGroup>.prefix) return tags_of<model::SecurityGroup>(call, id);
  if (prefix == kIdForm<model::SecurityGroupRule>.prefix) return tags_of<model::SecurityGroupRule>(call, id);
  if (prefix == kIdForm<model::PrefixList>.prefix) return tags_of<model::PrefixList>(call, id);
  if (prefix == kIdForm<model::NetworkInterface>.prefix) return tags_of<model::NetworkInterface>(call, id);
  if (prefix == kIdForm<model::Instance>.prefix) return tags_of<model::Instance>(call, id);
  if (prefix == kIdForm<model::VpcEndpoint>.prefix) return tags_of<model::VpcEndpoint>(call, id);
  if (prefix == kIdForm<model::EndpointService>.prefix) return tags_of<model::EndpointService>(call, id);
  if (prefix == kIdForm<model::ServicePermission>.prefix) return tags_of<model::ServicePermission>(call, id);
  return aws::api_error("InvalidID", fmt::format("The ID '{}' is not valid", id));
}

// The tags of each resource, each once.
aws::ApiResult<std::vector<model::Tags>> find_all(const Call& call, const std::vector<std::string>& ids) {
  if (ids.empty()) return aws::missing_parameter("ResourceId");
  if (ids.size() > kMaxResources) {
    return aws::invalid_value("ResourceId", fmt::to_string(ids.size()),
                              fmt::format("One call takes up to {} resources.", kMaxResources));
  }
  std::vector<model::Tags> out;
  for (const auto& id : std::set<std::string>(ids.begin(), ids.end())) {
    GINNEL_TRY(model::Tags tags, find_tags(call, id));
    out.push_back(std::move(tags));
  }
  return out;
}

void remove(model::TagMap& tags, const std::vector<ec2::Tag>& wanted) {
  if (wanted.empty()) tags.clear();
  for (const auto& tag : wanted) {
    const auto found = tags.find(*tag.key);
    if (found != tags.end() && (!tag.value || *tag.value == found->second)) tags.erase(found);
  }
}

const Attributes<ec2::TagDescription>& tag_attributes() {
  using Values = aws::FilterValues;
  static const Attributes<ec2::TagDescription> kAttributes{
      {"key", [](const Call&, const ec2::TagDescription& tag) { return Values{*tag.key}; }},
      {"resource-id", [](const Call&, const ec2::TagDescription& tag) { return Values{*tag.resource_id}; }},
      {"resource-type", [](const Call&, const ec2::TagDescription& tag) { return Values{*tag.resource_type}; }},
      {"value", [](const Call&, const ec2::TagDescription& tag) { return Values{*tag.value}; }},
  };
  return kAttributes;
}

}  // namespace

ActionResult<ec2::CreateTagsResponse> create_tags(const Call& call, const ec2::CreateTagsRequest& request) {
  if (request.tags.empty()) return aws::missing_parameter("Tag");
  GINNEL_TRY(const model::TagMap added, parse_tags(request.tags, "Tag"));
  GINNEL_TRY(auto resources, find_all(call, request.resources));
  Done<ec2::CreateTagsResponse> done;
  for (auto& resource : resources) {
    for (const auto& [key, value] : added) resource.tags[key] = value;
    GINNEL_CHECKED(check_tag_count(resource.tags.size()));
    put_tags(call, done.change, std::move(resource));
  }
  return done;
}

ActionResult<ec2::DeleteTagsResponse> delete_tags(const Call& call, const ec2::DeleteTagsRequest& request) {
  GINNEL_CHECKED(parse_tags(request.tags, "Tag"));
  GINNEL_TRY(auto resources, find_all(call, request.resources));
  Done<ec2::DeleteTagsResponse> done;
  for (auto& resource : resources) {
    remove(resource.tags, request.tags);
    put_tags(call, done.change, std::move(resource));
  }
  return done;
}

aws::ApiResult<ec2::DescribeTagsResponse> describe_tags(const Call& call, const ec2::DescribeTagsRequest& request) {
  std::vector<ec2::TagDescription> all;
  for (const auto* tags : all_owned<model::Tags>(call)) {
    if (tags->resource_type.starts_with(kElbTagTypes)) continue;
    for (const auto& [key, value] : tags->tags) {
      all.push_back({.key = key, .resource_id = tags->id, .resource_type = tags->resource_type, .value = value});
    }
  }
  // tag:KEY is the same as the filters key and value together.
  auto filters = filter_table(call, tag_attributes());
  filters.tags([](const ec2::TagDescription& tag) { return aws::FilterTags{{*tag.key, *tag.value}}; });
  GINNEL_TRY(const auto matches, filters.matcher(request.filters));
  all.erase(std::remove_if(all.begin(), all.end(), [&](const auto& tag) { return !matches(tag); }), all.end());
  // Resources are in id order, and a line feed sorts before all that a longer id or a key goes on with.
  const auto key_of = [](const ec2::TagDescription& tag) { return *tag.resource_id + '\n' + *tag.key; };
  GINNEL_TRY(auto page,
             aws::paginate({"DescribeTags"}, {request.max_results, request.next_token}, std::move(all), key_of));
  ec2::DescribeTagsResponse response;
  response.tags = std::move(page.items);
  response.next_token = page.next_token;
  return response;
}

}  // namespace ginnel::api
