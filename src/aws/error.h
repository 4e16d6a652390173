// ApiError: what a caller of the API is told when a call fails, in AWS's codes and texts.
//
// Result<T> (base/result.h) is for what goes wrong inside; an ApiError goes to the caller, so its text names the
// parameter and the value. The helpers below give the common errors the same wording everywhere.
// Source: "Error codes for the Amazon EC2 API", "Common errors" of the query services.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

#include "base/result.h"

namespace ginnel::aws {

// The two forms of requests and errors: EC2's own, and the query services' (ELBv2, STS, …).
enum class Protocol { kEc2, kQuery };

enum class Fault { kSender, kReceiver };

struct ApiError {
  std::string code;
  std::string message;
  int http_status = 400;
  Fault fault = Fault::kSender;
};

template <typename T>
class [[nodiscard]] ApiResult : public tl::expected<T, ApiError> {
 public:
  using tl::expected<T, ApiError>::expected;
  // So that an action can say `return missing_parameter("VpcId");`.
  ApiResult(ApiError error)  // NOLINT(google-explicit-constructor)
      : tl::expected<T, ApiError>(tl::unexpected<ApiError>(std::move(error))) {}
};

// GINNEL_TRY and GINNEL_CHECKED (base/result.h) work with these too.
using ApiStatus = ApiResult<void>;

[[nodiscard]] ApiError api_error(std::string_view code, std::string_view message, int http_status = 400);

// The names are the request's own, for example "VpcId" or "TagSpecification.1.Tag.2.Key". Query services call a wrong
// or missing value ValidationError, EC2 has a code for each.
[[nodiscard]] ApiError missing_parameter(std::string_view name, Protocol protocol = Protocol::kEc2);
[[nodiscard]] ApiError unknown_parameter(std::string_view name);
[[nodiscard]] ApiError unsupported_parameter(std::string_view name, Protocol protocol = Protocol::kEc2);
// `why` is a sentence, for example "This is not a valid CIDR block."
[[nodiscard]] ApiError invalid_value(std::string_view name, std::string_view value, std::string_view why,
                                     Protocol protocol = Protocol::kEc2);
// The parameter is known, but this value is not supported.
[[nodiscard]] ApiError unsupported_value(std::string_view name, std::string_view value,
                                         Protocol protocol = Protocol::kEc2);
[[nodiscard]] ApiError invalid_combination(std::string_view message);
[[nodiscard]] ApiError dry_run_succeeded();
[[nodiscard]] ApiError idempotent_parameter_mismatch(std::string_view token);
[[nodiscard]] ApiError invalid_action(std::string_view action, std::string_view version);
// Something failed on our side; the cause belongs into the log, not into the answer.
[[nodiscard]] ApiError internal_failure(Protocol protocol = Protocol::kEc2);

}  // namespace ginnel::aws
