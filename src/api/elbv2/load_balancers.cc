#include "api/elbv2/load_balancers.h"

#include <fmt/format.h>

namespace ginnel::api {
namespace {

constexpr int kMaxPageSize = 400;
constexpr size_t kMaxNamed = 20;

aws::ApiError validation_error(std::string_view text) { return aws::api_error("ValidationError", text); }

bool is_load_balancer_arn(const Call& call, std::string_view arn) {
  const std::string any_region = fmt::format("arn:{}:elasticloadbalancing:", call.region.partition);
  return arn.starts_with(any_region) && arn.find(":loadbalancer/") != std::string_view::npos;
}

}  // namespace

aws::ApiResult<elbv2::DescribeLoadBalancersResponse> describe_load_balancers(
    const Call& call, const elbv2::DescribeLoadBalancersRequest& request) {
  if (request.page_size && (*request.page_size < 1 || *request.page_size > kMaxPageSize)) {
    return aws::invalid_value("PageSize", fmt::to_string(*request.page_size),
                              fmt::format("It must be between 1 and {}.", kMaxPageSize), aws::Protocol::kQuery);
  }
  if (!request.names.empty() && !request.load_balancer_arns.empty()) {
    return validation_error("Load balancer names and load balancer ARNs cannot be specified at the same time");
  }
  if (request.names.size() > kMaxNamed || request.load_balancer_arns.size() > kMaxNamed) {
    return validation_error(fmt::format("Up to {} load balancers can be described in one call", kMaxNamed));
  }
  // No answer has a marker, so none can come back.
  if (request.marker) return validation_error(fmt::format("The marker '{}' is not valid", *request.marker));
  for (const auto& arn : request.load_balancer_arns) {
    if (!is_load_balancer_arn(call, arn))
      return validation_error(fmt::format("'{}' is not a valid load balancer ARN", arn));
  }
  if (!request.load_balancer_arns.empty()) {
    return aws::api_error("LoadBalancerNotFound", "One or more load balancers not found");
  }
  if (!request.names.empty()) {
    return aws::api_error("LoadBalancerNotFound",
                          fmt::format("Load balancers '[{}]' not found", fmt::join(request.names, ", ")));
  }
  return elbv2::DescribeLoadBalancersResponse{};
}

}  // namespace ginnel::api
