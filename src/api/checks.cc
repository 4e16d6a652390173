#include "api/checks.h"

#include <fmt/format.h>

#include <algorithm>

namespace ginnel::api {
namespace {

constexpr size_t kNamed = 5;

}  // namespace

aws::ApiStatus check_unused(std::string_view what, const std::vector<std::string>& dependents) {
  if (dependents.empty()) return {};
  const auto end = dependents.begin() + static_cast<std::ptrdiff_t>(std::min(kNamed, dependents.size()));
  return aws::api_error("DependencyViolation",
                        fmt::format("{} has dependencies and cannot be deleted. ({}{})", what,
                                    fmt::join(dependents.begin(), end, ", "), end == dependents.end() ? "" : ", …"));
}

aws::ApiStatus check_one_attribute(const std::vector<std::string_view>& given) {
  if (given.empty()) {
    return aws::api_error("MissingParameter", "The request must contain exactly one attribute to modify.");
  }
  if (given.size() == 1) return {};
  return aws::invalid_combination(
      fmt::format("Fields for multiple attribute types specified: {}", fmt::join(given, ", ")));
}

}  // namespace ginnel::api
