// Tags: their rules, tags given when a resource is made, tags in answers.
// Source: "Tag your Amazon EC2 resources", restrictions.
#pragma once

#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"
#include "generated/ec2.h"

namespace ginnel::api {

inline constexpr size_t kMaxTags = 50;
inline constexpr size_t kMaxTagKeyLength = 128;  // characters
inline constexpr size_t kMaxTagValueLength = 256;

// The tags of a list, checked: keys and lengths, no key twice, no key that begins with "aws:".
aws::ApiResult<model::TagMap> parse_tags(const std::vector<ec2::Tag>& tags, std::string_view parameter);
aws::ApiResult<void> check_tag_count(size_t count);

// The TagSpecifications of a request that creates things of the types `allowed` ("vpc", "security-group-rule").
class NewTags {
 public:
  static aws::ApiResult<NewTags> parse(const std::vector<ec2::TagSpecification>& specifications,
                                       std::initializer_list<std::string_view> allowed);

  // Gives the new resource its tags, if there are any for its type.
  void put(const Call& call, model::Change& change, std::string_view resource_type, std::string_view id) const;

 private:
  std::map<std::string, model::TagMap, std::less<>> by_type_;
};

// For answers, in the order of the keys.
[[nodiscard]] std::vector<ec2::Tag> tag_set(const Call& call, std::string_view resource_id);
// Puts the tags where they differ from what is stored; a resource without tags has no entry.
void put_tags(const Call& call, model::Change& change, model::Tags tags);
// To be called when a resource goes: its tags go with it.
void erase_tags(const Call& call, model::Change& change, std::string_view resource_id);

}  // namespace ginnel::api
