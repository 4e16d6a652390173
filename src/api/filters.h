// What the resources of one kind can be filtered by, as a list that is made once.
//
//   const Attributes<model::Vpc>& vpc_attributes();  // {{"cidr", [](const Call&, const model::Vpc& vpc) {…}}, …}
//   GINNEL_TRY(const auto matches, filter_table(call, vpc_attributes()).matcher(request.filters));
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "api/lookup.h"
#include "aws/filter.h"

namespace ginnel::api {

// A filter's name, and what a resource has for it: no value, one, or several (one that matches is enough).
template <typename T>
struct Attribute {
  std::string_view name;
  std::function<aws::FilterValues(const Call&, const T&)> values;
};
template <typename T>
using Attributes = std::vector<Attribute<T>>;

[[nodiscard]] inline std::string bool_text(bool value) { return value ? "true" : "false"; }

// Resources with ids can be filtered by their tags too. The call and the list must outlive the table and its matchers.
template <typename T>
[[nodiscard]] aws::FilterTable<T> filter_table(const Call& call, const Attributes<T>& attributes) {
  aws::FilterTable<T> table;
  for (const auto& attribute : attributes) {
    table.add(attribute.name, [&call, &attribute](const T& item) { return attribute.values(call, item); });
  }
  if constexpr (!kIdForm<T>.prefix.empty()) {
    table.tags([&call](const T& resource) { return call.snapshot.tags_of(resource.id); });
  }
  return table;
}

}  // namespace ginnel::api
