#include "api/lookup.h"

#include <fmt/format.h>

#include <algorithm>

namespace ginnel::api {

bool is_resource_id(std::string_view id, std::string_view prefix) {
  if (!id.starts_with(prefix) || id.size() <= prefix.size() || id[prefix.size()] != '-') return false;
  const std::string_view digits = id.substr(prefix.size() + 1);
  return (digits.size() == 8 || digits.size() == 17) && std::all_of(digits.begin(), digits.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

aws::ApiError not_found(const IdForm& form, std::string_view id) {
  return aws::api_error(form.not_found, fmt::format("The {} '{}' does not exist", form.noun, id));
}

aws::ApiError malformed_id(const IdForm& form, std::string_view id) {
  return aws::api_error(form.malformed, fmt::format("Invalid id: \"{}\" (expecting \"{}-...\")", id, form.prefix));
}

}  // namespace ginnel::api
