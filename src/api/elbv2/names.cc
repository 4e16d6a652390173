#include "api/elbv2/names.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/elbv2/errors.h"

namespace ginnel::api {
namespace {

constexpr size_t kMaxName = 32;

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

}  // namespace

aws::ApiStatus check_elb_name(std::string_view noun, std::string_view name) {
  const auto wrong = [&](std::string_view why) {
    return validation_error(fmt::format("{} name '{}' {}", noun, name, why));
  };
  if (name.empty()) return wrong("cannot be empty");
  if (name.size() > kMaxName) return wrong(fmt::format("cannot be longer than '{}' characters", kMaxName));
  if (!std::all_of(name.begin(), name.end(), is_name_character)) {
    return wrong("can only contain characters that are alphanumeric characters and hyphens(-)");
  }
  if (name.front() == '-' || name.back() == '-') return wrong("cannot begin or end with a hyphen(-)");
  return {};
}

}  // namespace ginnel::api
