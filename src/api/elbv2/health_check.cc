#include "api/elbv2/health_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "api/elbv2/errors.h"

namespace ginnel::api {
namespace {

using model::HealthCheck;

constexpr size_t kMaxPath = 1024;
constexpr int kLowestCode = 200, kHighestCode = 599;
constexpr std::string_view kDefaultCodes = "200-399";

std::optional<int> parse_number(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

aws::ApiStatus check_protocol(const std::string& protocol) {
  if (protocol == "TCP" || protocol == "HTTP" || protocol == "HTTPS") return {};
  return bad_value("HealthCheckProtocol", protocol, "Health checks use TCP, HTTP or HTTPS.");
}

aws::ApiStatus check_port(const std::string& port) {
  if (port == kTrafficPort) return {};
  const auto number = parse_number(port);
  if (number && *number >= 1 && *number <= 65535 && fmt::to_string(*number) == port) return {};
  return bad_value("HealthCheckPort", port, "It must be 'traffic-port' or a number from 1 to 65535.");
}

aws::ApiStatus check_path(const std::string& path) {
  const bool printable = std::all_of(path.begin(), path.end(), [](char c) { return c > ' ' && c < 0x7f; });
  if (path.starts_with('/') && path.size() <= kMaxPath && printable) return {};
  return bad_value("HealthCheckPath", path,
                   fmt::format("It must begin with a '/' and have up to {} printable characters.", kMaxPath));
}

// "200", "200,202" or "200-299", and lists of them.
bool is_matcher(std::string_view text) {
  while (true) {
    const auto comma = std::min(text.find(','), text.size());
    const std::string_view part = text.substr(0, comma);
    const auto dash = std::min(part.find('-'), part.size());
    const auto first = parse_number(part.substr(0, dash));
    const auto last = dash == part.size() ? first : parse_number(part.substr(dash + 1));
    if (!first || !last || *first < kLowestCode || *last > kHighestCode || *first > *last) return false;
    if (comma == text.size()) return true;
    text.remove_prefix(comma + 1);
  }
}

aws::ApiStatus check_matcher(const std::string& codes) {
  if (codes.size() <= kMaxPath && is_matcher(codes)) return {};
  return bad_value("Matcher.HttpCode", codes,
                   fmt::format("It must be codes or ranges of codes from {} to {}, separated by commas.", kLowestCode,
                               kHighestCode));
}

aws::ApiStatus check_range(std::string_view parameter, int value, int least, int most) {
  if (value >= least && value <= most) return {};
  return bad_value(parameter, fmt::to_string(value), fmt::format("It must be from {} to {}.", least, most));
}

aws::ApiStatus check_numbers(const HealthCheck& check) {
  GINNEL_CHECKED(check_range("HealthCheckIntervalSeconds", check.interval_s, 5, 300));
  GINNEL_CHECKED(check_range("HealthCheckTimeoutSeconds", check.timeout_s, 2, 120));
  GINNEL_CHECKED(check_range("HealthyThresholdCount", check.healthy_threshold, 2, 10));
  GINNEL_CHECKED(check_range("UnhealthyThresholdCount", check.unhealthy_threshold, 2, 10));
  if (check.timeout_s <= check.interval_s) return {};
  return validation_error(
      fmt::format("Health check timeout '{}' (HealthCheckTimeoutSeconds) must be smaller than or equal to the interval "
                  "'{}' (HealthCheckIntervalSeconds)",
                  check.timeout_s, check.interval_s));
}

// Path and matcher, which HTTP and HTTPS alone have.
template <typename Request>
aws::ApiStatus read_http(const Request& request, HealthCheck& check) {
  if (check.protocol == "TCP") {
    if (request.health_check_path) {
      return bad_value("HealthCheckPath", *request.health_check_path, "TCP health checks have no path.");
    }
    if (request.matcher) {
      return bad_value("Matcher.HttpCode", request.matcher->http_code.value_or(""),
                       "TCP health checks have no response code.");
    }
    check.path.clear();
    check.matcher.clear();
    return {};
  }
  if (check.path.empty()) check.path = "/";
  if (check.matcher.empty()) check.matcher = kDefaultCodes;
  if (request.health_check_path) check.path = *request.health_check_path;
  if (request.matcher) {
    if (!request.matcher->http_code) return missing("Matcher.HttpCode");
    check.matcher = *request.matcher->http_code;
  }
  GINNEL_CHECKED(check_path(check.path));
  return check_matcher(check.matcher);
}

template <typename Request>
aws::ApiResult<HealthCheck> read(const Request& request, HealthCheck check) {
  check.port = request.health_check_port.value_or(check.port);
  check.interval_s = request.health_check_interval_seconds.value_or(check.interval_s);
  check.timeout_s = request.health_check_timeout_seconds.value_or(check.timeout_s);
  check.healthy_threshold = request.healthy_threshold_count.value_or(check.healthy_threshold);
  check.unhealthy_threshold = request.unhealthy_threshold_count.value_or(check.unhealthy_threshold);
  GINNEL_CHECKED(check_port(check.port));
  GINNEL_CHECKED(check_numbers(check));
  GINNEL_CHECKED(read_http(request, check));
  return check;
}

}  // namespace

aws::ApiResult<HealthCheck> new_health_check(const elbv2::CreateTargetGroupRequest& request) {
  HealthCheck check;
  check.protocol = request.health_check_protocol.value_or("TCP");
  GINNEL_CHECKED(check_protocol(check.protocol));
  check.timeout_s = check.protocol == "HTTP" ? 6 : 10;
  return read(request, std::move(check));
}

aws::ApiResult<HealthCheck> changed_health_check(const HealthCheck& now,
                                                 const elbv2::ModifyTargetGroupRequest& request) {
  HealthCheck check = now;
  check.protocol = request.health_check_protocol.value_or(now.protocol);
  GINNEL_CHECKED(check_protocol(check.protocol));
  return read(request, std::move(check));
}

}  // namespace ginnel::api
