#include "api/cidr.h"

#include <fmt/format.h>

namespace ginnel::api {

aws::ApiError bad_range(std::string_view code, std::string_view block, std::string_view why) {
  return aws::api_error(code, fmt::format("The CIDR '{}' is invalid. {}", block, why));
}

aws::ApiResult<Cidr> parse_block(std::string_view parameter, std::string_view text, const BlockRules& rules) {
  const auto parsed = Cidr::parse(text);
  if (!parsed || !parsed->is_v4() || text.find('/') == std::string_view::npos) {
    return aws::invalid_value(parameter, text, "This is not a valid CIDR block.");
  }
  if (parsed->length() < rules.shortest || parsed->length() > rules.longest) {
    return bad_range(rules.range_code, text,
                     fmt::format("The prefix must be between /{} and /{}.", rules.shortest, rules.longest));
  }
  return *parsed;
}

}  // namespace ginnel::api
