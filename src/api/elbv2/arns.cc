#include "api/elbv2/arns.h"

#include <fmt/format.h>

namespace ginnel::api {
namespace {

constexpr unsigned kHexDigits = 16;

std::string new_arn(const Call& call, std::string_view path) {
  return fmt::format("arn:{}:elasticloadbalancing:{}:{}:{}/{}", call.region.partition, call.region.name, call.account,
                     path, random_hex(call.random, kHexDigits));
}

}  // namespace

std::string load_balancer_arn(const Call& call, std::string_view name) {
  return new_arn(call, fmt::format("loadbalancer/net/{}", name));
}

std::string target_group_arn(const Call& call, std::string_view name) {
  return new_arn(call, fmt::format("targetgroup/{}", name));
}

std::string listener_arn(const Call& call, const model::LoadBalancer& balancer) {
  return new_arn(call, fmt::format("listener/{}", arn_suffix(balancer)));
}

std::string arn_suffix(const model::LoadBalancer& balancer) {
  return balancer.id.substr(balancer.id.find("/net/") + 1);
}

bool is_arn(const Call& call, const ArnForm& form, std::string_view arn) {
  return arn.starts_with(fmt::format("arn:{}:elasticloadbalancing:", call.region.partition)) &&
         arn.find(fmt::format(":{}/", form.type)) != std::string_view::npos;
}

aws::ApiError malformed_arn(const ArnForm& form, std::string_view arn) {
  return aws::api_error("ValidationError", fmt::format("'{}' is not a valid {} ARN", arn, form.noun));
}

aws::ApiError arn_not_found(const ArnForm& form, std::string_view arn) {
  std::string noun(form.noun);
  noun[0] = static_cast<char>(noun[0] - 'a' + 'A');
  return aws::api_error(form.not_found, fmt::format("{} '{}' not found", noun, arn));
}

}  // namespace ginnel::api
