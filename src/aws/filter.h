// Filters of Describe calls: `Filter.1.Name=vpc-id&Filter.1.Value.1=vpc-*`.
//
// Names and values are case-sensitive. Several values of one filter are OR, several filters AND. In a value, '*' stands
// for any text, '?' for one character, '\' takes the meaning from the next one.
// An action lists what its resources can be filtered by:
//
//   FilterTable<model::Vpc> table;
//   table.add("vpc-id", [](const model::Vpc& vpc) { return vpc.id; })
//       .tags([&](const model::Vpc& vpc) { return tags_of(call, vpc.id); });
//   GINNEL_TRY(const auto matches, table.matcher(request.filters));
//   if (matches(vpc)) …
//
// Source: "List and filter using the CLI and API" (EC2 User Guide).
#pragma once

#include <concepts>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/error.h"

namespace ginnel::aws {

using FilterValues = std::vector<std::string>;
using FilterTags = std::map<std::string, std::string>;

// As EC2 has it.
inline constexpr std::size_t kMaxFilterValues = 200;
inline constexpr std::size_t kMaxFilterValueBytes = 1024;

struct Filter {
  std::string name;
  FilterValues values;
};

[[nodiscard]] bool matches_pattern(std::string_view pattern, std::string_view text);

// Refuses a filter without name or value and too many or too long values. `index` counts from 1, for messages.
[[nodiscard]] ApiStatus check_filter(const std::optional<std::string>& name, const FilterValues& values,
                                     std::size_t index);
[[nodiscard]] ApiError invalid_filter(std::string_view name);
[[nodiscard]] ApiError too_many_filter_values();
[[nodiscard]] bool any_matches(const FilterValues& patterns, const FilterValues& values);
// `name` is "tag:KEY", "tag-key" or "tag-value"; nothing if it is none of them.
[[nodiscard]] std::optional<bool> tags_match(const Filter& filter, const FilterTags& tags);
[[nodiscard]] bool is_tag_filter(std::string_view name);

// What a resource has under a filter's name, from what is handy to write in a table.
inline FilterValues filter_values(std::string value) { return {std::move(value)}; }
inline FilterValues filter_values(std::string_view value) { return {std::string(value)}; }
inline FilterValues filter_values(const char* value) { return {value}; }
inline FilterValues filter_values(FilterValues values) { return values; }
inline FilterValues filter_values(std::optional<std::string> value) {
  return value ? FilterValues{std::move(*value)} : FilterValues{};
}
template <std::same_as<bool> B>
FilterValues filter_values(B value) {
  return {value ? "true" : "false"};
}
template <std::integral I>
requires(!std::same_as<I, bool>) FilterValues filter_values(I value) { return {std::to_string(value)}; }

template <typename T>
class FilterTable {
 public:
  using Matcher = std::function<bool(const T&)>;

  // `values` is called with a resource and gives a string, a bool, a number, or several strings.
  template <typename F>
  FilterTable& add(std::string_view name, F values) {
    columns_.insert_or_assign(std::string(name),
                              [values = std::move(values)](const T& row) { return filter_values(values(row)); });
    return *this;
  }

  // Adds tag:KEY, tag-key and tag-value.
  FilterTable& tags(std::function<FilterTags(const T&)> tags) {
    tags_ = std::move(tags);
    return *this;
  }

  // `filters` are of the generated type, with `name` and `values`. The matcher is good while what the functions of
  // the table refer to lives; the table itself may go.
  template <typename F>
  [[nodiscard]] ApiResult<Matcher> matcher(const std::vector<F>& filters) const {
    std::vector<Matcher> all;
    std::size_t values = 0;
    for (const F& filter : filters) {
      GINNEL_CHECKED(check_filter(filter.name, filter.values, all.size() + 1));
      values += filter.values.size();
      if (values > kMaxFilterValues) return too_many_filter_values();
      GINNEL_TRY(Matcher one, single(Filter{*filter.name, filter.values}));
      all.push_back(std::move(one));
    }
    return Matcher([all = std::move(all)](const T& row) {
      for (const Matcher& one : all) {
        if (!one(row)) return false;
      }
      return true;
    });
  }

 private:
  [[nodiscard]] ApiResult<Matcher> single(Filter filter) const {
    if (tags_ && is_tag_filter(filter.name)) {
      return Matcher([filter = std::move(filter), tags = tags_](const T& row) {
        return tags_match(filter, tags(row)).value_or(false);
      });
    }
    const auto column = columns_.find(filter.name);
    if (column == columns_.end()) return invalid_filter(filter.name);
    return Matcher([patterns = std::move(filter.values), values = column->second](const T& row) {
      return any_matches(patterns, values(row));
    });
  }

  std::map<std::string, std::function<FilterValues(const T&)>, std::less<>> columns_;
  std::function<FilterTags(const T&)> tags_;
};

}  // namespace ginnel::aws
