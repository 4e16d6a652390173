#include "api/ec2/endpoint_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "api/ec2/endpoint_states.h"
#include "aws/utf8.h"
#include "model/services.h"

namespace ginnel::api {
namespace {

aws::ApiError invalid(std::string_view text) { return aws::api_error("InvalidParameter", text); }

// The private name that two services share, or nothing.
const std::string* common_name(const model::Service& left, const model::Service& right) {
  for (const auto& name : left.private_dns_names) {
    const auto& others = right.private_dns_names;
    if (std::find(others.begin(), others.end(), name) != others.end()) return &name;
  }
  return nullptr;
}

aws::ApiError bad_policy(std::string_view why) {
  return aws::api_error("InvalidPolicyDocument", fmt::format("The policy document is not valid: {}", why));
}

}  // namespace

aws::ApiStatus check_private_dns(const Call& call, const model::Vpc& vpc, const model::Service& service,
                                 std::string_view endpoint_id) {
  if (service.private_dns_names.empty()) {
    const auto* offered = model::offered_service(call.snapshot, call.region, service.name);
    if (offered != nullptr && !offered->private_dns_name.empty()) {
      return invalid(fmt::format(
          "Private DNS can't be enabled because the service {} has not verified the private DNS name.", service.name));
    }
    return invalid(fmt::format(
        "Private DNS can't be enabled because the service {} does not provide a private DNS name.", service.name));
  }
  if (!vpc.dns_support || !vpc.dns_hostnames) {
    return invalid(fmt::format(
        "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true for {}",
        vpc.id));
  }
  return check_names_free(call, vpc.id, service, endpoint_id);
}

aws::ApiStatus check_names_free(const Call& call, std::string_view vpc_id, const model::Service& service,
                                std::string_view endpoint_id) {
  for (const auto* other : call.snapshot.table<model::VpcEndpoint>().referring_to(vpc_id)) {
    if (other->id == endpoint_id || !other->private_dns || !holds_names(*other)) continue;
    const auto other_service = model::find_service(call.snapshot, call.region, other->service_name);
    const std::string* name = other_service ? common_name(service, *other_service) : nullptr;
    if (name == nullptr) continue;
    return invalid(fmt::format(
        "private-dns-enabled cannot be set because there is already a conflicting DNS domain for {} in the VPC {}",
        *name, vpc_id));
  }
  return {};
}

aws::ApiStatus check_takes_policy(const model::VpcEndpoint& endpoint) {
  if (endpoint.service.empty()) return {};
  return invalid(fmt::format("The VPC endpoint service {} does not support a PolicyDocument", endpoint.service_name));
}

aws::ApiStatus check_policy(std::string_view document) {
  size_t length = 0;
  for (size_t at = 0; at < document.size(); ++length) aws::next_code_point(document, at);
  if (length > kMaxEndpointPolicyLength) {
    return bad_policy(fmt::format("it has {} characters, at most {} are allowed", length, kMaxEndpointPolicyLength));
  }
  boost::system::error_code error;
  const auto json = boost::json::parse(boost::json::string_view(document.data(), document.size()), error);
  if (error) return bad_policy(fmt::format("it is not JSON ({})", error.message()));
  if (!json.is_object()) return bad_policy("it is not a JSON object");
  const auto* statement = json.get_object().if_contains("Statement");
  if (statement == nullptr) return bad_policy("it has no Statement");
  if (!statement->is_array() && !statement->is_object()) return bad_policy("its Statement is neither list nor object");
  return {};
}

std::string_view default_policy() {
  return R"({
  "Statement": [
    {
      "Action": "*",
      "Effect": "Allow",
      "Principal": "*",
      "Resource": "*"
    }
  ]
})";
}

}  // namespace ginnel::api
