#include "api/ec2/service_private_name.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/lookup.h"
#include "base/random.h"

namespace ginnel::api {
namespace {

constexpr size_t kMaxNameLength = 253, kMaxLabelLength = 63;  // RFC 1035, 2.3.4
constexpr unsigned kTokenDigits = 20;

bool is_label(std::string_view label) {
  if (label.empty() || label.size() > kMaxLabelLength || label.front() == '-' || label.back() == '-') return false;
  return std::all_of(label.begin(), label.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

bool is_domain(std::string_view name) {
  if (name.size() > kMaxNameLength || name.find('.') == std::string_view::npos) return false;
  while (true) {
    const auto dot = name.find('.');
    if (!is_label(name.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    name.remove_prefix(dot + 1);
  }
}

}  // namespace

aws::ApiResult<std::string> parse_private_name(const std::string& name) {
  std::string small = name;
  std::transform(small.begin(), small.end(), small.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (small.starts_with("*.")) return aws::unsupported_value("PrivateDnsName", name);
  if (!is_domain(small)) return aws::invalid_value("PrivateDnsName", name, "This is not a domain name.");
  return small;
}

void set_private_name(const Call& call, model::EndpointService& service, const std::string& name) {
  if (service.private_dns_name == name) return;
  service.private_dns_name = name;
  service.private_dns_state = "pendingVerification";
  service.txt_name = "_" + random_hex(call.random, kTokenDigits);
  service.txt_value = "vpce:" + random_hex(call.random, kTokenDigits);
  service.verification_asked = 0;
}

void remove_private_name(model::EndpointService& service) {
  service.private_dns_name.clear();
  service.private_dns_state = "pendingVerification";
  service.txt_name.clear();
  service.txt_value.clear();
  service.verification_asked = 0;
}

ActionResult<ec2::StartVpcEndpointServicePrivateDnsVerificationResponse> start_private_dns_verification(
    const Call& call, const ec2::StartVpcEndpointServicePrivateDnsVerificationRequest& request) {
  GINNEL_TRY(const auto* found, find_owned<model::EndpointService>(call, *request.service_id));
  if (found->private_dns_name.empty()) {
    return aws::api_error("InvalidParameter",
                          fmt::format("The VPC endpoint service {} has no private DNS name to verify.", found->id));
  }
  Done<ec2::StartVpcEndpointServicePrivateDnsVerificationResponse> done;
  done.response.return_value = true;
  // A name that is verified stays in use, and a look-up that is under way answers this call too.
  if (found->private_dns_state == "verified" || found->verification_asked != 0) return done;
  model::EndpointService next = *found;
  next.private_dns_state = "pendingVerification";
  next.verification_asked = call.now_ms();
  done.change.put(std::move(next));
  return done;
}

}  // namespace ginnel::api
