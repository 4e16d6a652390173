#include "aws/filter.h"

#include <fmt/format.h>

#include <algorithm>

#include "aws/utf8.h"

namespace ginnel::aws {
namespace {

constexpr std::string_view kTagPrefix = "tag:";

// One step of a pattern: what it stands for, and where the next begins.
struct Step {
  enum { kEnd, kAnyText, kAnyCharacter, kByte } kind;
  char byte;
  std::size_t next;
};

Step step_at(std::string_view pattern, std::size_t at) {
  if (at >= pattern.size()) return {Step::kEnd, 0, at};
  if (pattern[at] == '*') return {Step::kAnyText, 0, at + 1};
  if (pattern[at] == '?') return {Step::kAnyCharacter, 0, at + 1};
  if (pattern[at] == '\\' && at + 1 < pattern.size()) return {Step::kByte, pattern[at + 1], at + 2};
  return {Step::kByte, pattern[at], at + 1};
}

}  // namespace

// On a mismatch, the last '*' takes one character more; earlier ones never need to.
bool matches_pattern(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::optional<std::size_t> after_star;
  std::size_t star_text = 0;
  while (true) {
    const Step step = step_at(pattern, p);
    if (step.kind == Step::kEnd && t == text.size()) return true;
    if (step.kind == Step::kAnyText) {
      after_star = p = step.next;
      star_text = t;
      continue;
    }
    if (step.kind == Step::kAnyCharacter && t < text.size()) {
      next_code_point(text, t);
      p = step.next;
      continue;
    }
    if (step.kind == Step::kByte && t < text.size() && text[t] == step.byte) {
      ++t;
      p = step.next;
      continue;
    }
    if (!after_star || star_text == text.size()) return false;
    next_code_point(text, star_text);
    t = star_text;
    p = *after_star;
  }
}

ApiStatus check_filter(const std::optional<std::string>& name, const FilterValues& values, std::size_t index) {
  if (!name || name->empty()) return missing_parameter(fmt::format("Filter.{}.Name", index));
  if (values.empty()) return missing_parameter(fmt::format("Filter.{}.Value", index));
  const auto too_long = [](const std::string& value) { return value.size() > kMaxFilterValueBytes; };
  if (const auto it = std::find_if(values.begin(), values.end(), too_long); it != values.end()) {
    return invalid_value(fmt::format("Filter.{}.Value.{}", index, it - values.begin() + 1), *it,
                         fmt::format("It is longer than {} bytes.", kMaxFilterValueBytes));
  }
  return {};
}

ApiError invalid_filter(std::string_view name) {
  return api_error("InvalidParameterValue", fmt::format("The filter '{}' is invalid", name));
}

ApiError too_many_filter_values() {
  return api_error(
      "FilterLimitExceeded",
      fmt::format("The maximum number of filter values specified on a single call is {}", kMaxFilterValues));
}

bool any_matches(const FilterValues& patterns, const FilterValues& values) {
  return std::any_of(values.begin(), values.end(), [&](const std::string& value) {
    return std::any_of(patterns.begin(), patterns.end(),
                       [&](const std::string& pattern) { return matches_pattern(pattern, value); });
  });
}

bool is_tag_filter(std::string_view name) {
  return name.starts_with(kTagPrefix) || name == "tag-key" || name == "tag-value";
}

std::optional<bool> tags_match(const Filter& filter, const FilterTags& tags) {
  if (!is_tag_filter(filter.name)) return std::nullopt;
  if (filter.name.starts_with(kTagPrefix)) {
    const auto tag = tags.find(filter.name.substr(kTagPrefix.size()));
    return tag != tags.end() && any_matches(filter.values, {tag->second});
  }
  const bool by_key = filter.name == "tag-key";
  return std::any_of(tags.begin(), tags.end(),
                     [&](const auto& tag) { return any_matches(filter.values, {by_key ? tag.first : tag.second}); });
}

}  // namespace ginnel::aws
