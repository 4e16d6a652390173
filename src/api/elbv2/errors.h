// Errors that the ELBv2 actions share; the query services call most of what is wrong in a request ValidationError.
#pragma once

#include <string_view>

#include "aws/error.h"

namespace ginnel::api {

[[nodiscard]] inline aws::ApiError validation_error(std::string_view text) {
  return aws::api_error("ValidationError", text);
}
[[nodiscard]] inline aws::ApiError bad_value(std::string_view parameter, std::string_view value, std::string_view why) {
  return aws::invalid_value(parameter, value, why, aws::Protocol::kQuery);
}
[[nodiscard]] inline aws::ApiError not_supported(std::string_view parameter, std::string_view value) {
  return aws::unsupported_value(parameter, value, aws::Protocol::kQuery);
}
// IpAddressType of a load balancer; the third type of the API is for public ones.
[[nodiscard]] inline aws::ApiStatus check_type_known(std::string_view address_type) {
  if (address_type == "ipv4" || address_type == "dualstack") return {};
  return not_supported("IpAddressType", address_type);
}
[[nodiscard]] inline aws::ApiError missing(std::string_view parameter) {
  return aws::missing_parameter(parameter, aws::Protocol::kQuery);
}
[[nodiscard]] inline aws::ApiError bad_configuration(std::string_view text) {
  return aws::api_error("InvalidConfigurationRequest", text);
}

}  // namespace ginnel::api
