#include "aws/error.h"

#include <fmt/format.h>

namespace ginnel::aws {
namespace {

std::string_view code_for(Protocol protocol, std::string_view ec2_code) {
  return protocol == Protocol::kEc2 ? ec2_code : std::string_view("ValidationError");
}

}  // namespace

ApiError api_error(std::string_view code, std::string_view message, int http_status) {
  return {std::string(code), std::string(message), http_status, http_status >= 500 ? Fault::kReceiver : Fault::kSender};
}

ApiError missing_parameter(std::string_view name, Protocol protocol) {
  return api_error(code_for(protocol, "MissingParameter"),
                   fmt::format("The request must contain the parameter {}", name));
}

ApiError unknown_parameter(std::string_view name) {
  return api_error("UnknownParameter", fmt::format("The parameter {} is not recognized", name));
}

ApiError unsupported_parameter(std::string_view name, Protocol protocol) {
  return api_error(code_for(protocol, "UnsupportedOperation"), fmt::format("The parameter {} is not supported.", name));
}

ApiError invalid_value(std::string_view name, std::string_view value, std::string_view why, Protocol protocol) {
  return api_error(code_for(protocol, "InvalidParameterValue"),
                   fmt::format("Value ({}) for parameter {} is invalid. {}", value, name, why));
}

ApiError unsupported_value(std::string_view name, std::string_view value, Protocol protocol) {
  return api_error(code_for(protocol, "UnsupportedOperation"),
                   fmt::format("The value '{}' of the parameter {} is not supported.", value, name));
}

ApiError invalid_combination(std::string_view message) { return api_error("InvalidParameterCombination", message); }

ApiError dry_run_succeeded() {
  return api_error("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412);
}

ApiError idempotent_parameter_mismatch(std::string_view token) {
  return api_error(
      "IdempotentParameterMismatch",
      fmt::format("The client token '{}' was used before for a request with other parameters. A repeated request must "
                  "have the same parameters as the first.",
                  token));
}

ApiError invalid_action(std::string_view action, std::string_view version) {
  return api_error("InvalidAction",
                   fmt::format("The action {} is not valid for this web service (version {}).", action, version));
}

ApiError internal_failure(Protocol protocol) {
  return api_error(protocol == Protocol::kEc2 ? "InternalError" : "InternalFailure", "An internal error has occurred",
                   500);
}

}  // namespace ginnel::aws
