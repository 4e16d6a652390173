#include "api/tags.h"

#include <fmt/format.h>

#include <algorithm>

#include "aws/utf8.h"

namespace ginnel::api {
namespace {

size_t length_of(std::string_view text) {
  size_t count = 0;
  for (size_t at = 0; at < text.size(); ++count) aws::next_code_point(text, at);
  return count;
}

aws::ApiError invalid(std::string_view text) { return aws::api_error("InvalidParameterValue", text); }

aws::ApiResult<void> check_tag(std::string_view key, std::string_view value) {
  if (length_of(key) > kMaxTagKeyLength) {
    return invalid(fmt::format("Tag key '{}' exceeds the maximum length of {} characters", key, kMaxTagKeyLength));
  }
  if (length_of(value) > kMaxTagValueLength) {
    return invalid(
        fmt::format("The value of the tag '{}' exceeds the maximum length of {} characters", key, kMaxTagValueLength));
  }
  if (key.starts_with("aws:")) {
    return invalid(fmt::format("Tag keys starting with 'aws:' are reserved for internal use ('{}')", key));
  }
  return {};
}

}  // namespace

aws::ApiResult<model::TagMap> parse_tags(const std::vector<ec2::Tag>& tags, std::string_view parameter) {
  model::TagMap out;
  for (size_t i = 0; i < tags.size(); ++i) {
    if (!tags[i].key || tags[i].key->empty()) return aws::missing_parameter(fmt::format("{}.{}.Key", parameter, i + 1));
    const std::string value = tags[i].value.value_or("");
    GINNEL_CHECKED(check_tag(*tags[i].key, value));
    if (!out.emplace(*tags[i].key, value).second) {
      return invalid(fmt::format("Duplicate tag key '{}' specified.", *tags[i].key));
    }
  }
  return out;
}

aws::ApiResult<void> check_tag_count(size_t count) {
  if (count <= kMaxTags) return {};
  return aws::api_error("TagLimitExceeded",
                        fmt::format("The maximum number of tags for a resource ({}) has been reached.", kMaxTags));
}

aws::ApiResult<NewTags> NewTags::parse(const std::vector<ec2::TagSpecification>& specifications,
                                       std::initializer_list<std::string_view> allowed) {
  NewTags out;
  for (size_t i = 0; i < specifications.size(); ++i) {
    const std::string parameter = fmt::format("TagSpecification.{}", i + 1);
    const auto& type = specifications[i].resource_type;
    if (!type) return aws::missing_parameter(parameter + ".ResourceType");
    if (std::find(allowed.begin(), allowed.end(), *type) == allowed.end()) {
      return invalid(fmt::format("'{}' is not a valid taggable resource type for this operation.", *type));
    }
    if (specifications[i].tags.empty()) return invalid("Tag specification must have at least one tag");
    GINNEL_TRY(model::TagMap tags, parse_tags(specifications[i].tags, parameter + ".Tag"));
    GINNEL_CHECKED(check_tag_count(tags.size()));
    if (!out.by_type_.emplace(*type, std::move(tags)).second) {
      return invalid(fmt::format("The resource type '{}' has more than one tag specification.", *type));
    }
  }
  return out;
}

void NewTags::put(const Call& call, model::Change& change, std::string_view resource_type, std::string_view id) const {
  const auto found = by_type_.find(resource_type);
  if (found == by_type_.end()) return;
  change.put(model::Tags{.id = std::string(id),
                         .account = call.account,
                         .resource_type = std::string(resource_type),
                         .tags = found->second});
}

std::vector<ec2::Tag> tag_set(const Call& call, std::string_view resource_id) {
  std::vector<ec2::Tag> out;
  for (const auto& [key, value] : call.snapshot.tags_of(resource_id)) out.push_back({.key = key, .value = value});
  return out;
}

void put_tags(const Call& call, model::Change& change, model::Tags tags) {
  const auto* stored = call.snapshot.find<model::Tags>(tags.id);
  if (stored != nullptr && stored->tags == tags.tags) return;
  if (!tags.tags.empty()) {
    change.put(std::move(tags));
  } else if (stored != nullptr) {
    change.erase(*stored);
  }
}

void erase_tags(const Call& call, model::Change& change, std::string_view resource_id) {
  const auto* tags = call.snapshot.find<model::Tags>(resource_id);
  if (tags != nullptr) change.erase(*tags);
}

}  // namespace ginnel::api
