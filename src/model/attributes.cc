#include "model/attributes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/check.h"

namespace ginnel::model {
namespace {

constexpr std::string_view kDeletionProtection = "deletion_protection.enabled";
constexpr std::string_view kCrossZone = "load_balancing.cross_zone.enabled";
constexpr std::string_view kAsLoadBalancer = "use_load_balancer_configuration";
constexpr std::string_view kTerminateDeregistered = "deregistration_delay.connection_termination.enabled";
constexpr std::string_view kDeregistrationDelay = "deregistration_delay.timeout_seconds";
constexpr std::string_view kPreserveClientIp = "preserve_client_ip.enabled";
constexpr std::string_view kProxyProtocol = "proxy_protocol_v2.enabled";
constexpr std::string_view kStickiness = "stickiness.enabled";
constexpr std::string_view kFailoverCount = "target_group_health.dns_failover.minimum_healthy_targets.count";
constexpr std::string_view kFailoverPercentage = "target_group_health.dns_failover.minimum_healthy_targets.percentage";
constexpr std::string_view kOpenCount = "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count";
constexpr std::string_view kOpenPercentage =
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage";
constexpr std::string_view kTerminateUnhealthy = "target_health_state.unhealthy.connection_termination.enabled";
constexpr std::string_view kUnhealthyDraining = "target_health_state.unhealthy.draining_interval_seconds";
constexpr std::string_view kIdleTimeout = "tcp.idle_timeout.seconds";

constexpr std::string_view kFlag = "true|false";
constexpr int kMaxTargets = 3000;

// A form and its default, which is what it is for most resources.
struct Entry {
  AttributeForm form;
  std::string_view usual;
};

constexpr std::array<Entry, 9> kLoadBalancer{{
    {{"access_logs.s3.bucket", "", 0, -1, false}, ""},
    {{"access_logs.s3.enabled", kFlag, 0, -1, false}, "false"},
    {{"access_logs.s3.prefix", "", 0, -1, false}, ""},
    {{kDeletionProtection, kFlag}, "false"},
    {{"dns_record.client_routing_policy",
      "availability_zone_affinity|partial_availability_zone_affinity|any_availability_zone", 0, -1, false},
     "any_availability_zone"},
    {{"ipv6.deny_all_igw_traffic", kFlag, 0, -1, false}, "true"},
    {{kCrossZone, kFlag}, "false"},
    {{"secondary_ips.auto_assigned.per_subnet", "", 0, 7, false}, "0"},
    {{"zonal_shift.config.enabled", kFlag, 0, -1, false}, "false"},
}};

constexpr std::array<Entry, 13> kTargetGroup{{
    {{kTerminateDeregistered, kFlag}, "false"},
    {{kDeregistrationDelay, "", 0, 3600}, "300"},
    {{kCrossZone, "true|false|use_load_balancer_configuration"}, kAsLoadBalancer},
    {{kPreserveClientIp, kFlag}, "true"},
    {{kProxyProtocol, kFlag}, "false"},
    {{kStickiness, kFlag}, "false"},
    {{"stickiness.type", "source_ip"}, "source_ip"},
    {{kFailoverCount, "off", 1, kMaxTargets}, "1"},
    {{kFailoverPercentage, "off", 1, 100}, "off"},
    {{kOpenCount, "", 1, kMaxTargets}, "1"},
    {{kOpenPercentage, "off", 1, 100}, "off"},
    {{kTerminateUnhealthy, kFlag}, "true"},
    {{kUnhealthyDraining, "", 0, 360'000}, "0"},
}};

constexpr std::array<Entry, 1> kListener{{{{kIdleTimeout, "", 60, 6000}, "350"}}};

template <size_t N>
constexpr std::array<AttributeForm, N> forms_of(const std::array<Entry, N>& entries) {
  std::array<AttributeForm, N> out;
  for (size_t i = 0; i < N; ++i) out[i] = entries[i].form;
  return out;
}

constexpr auto kLoadBalancerForms = forms_of(kLoadBalancer);
constexpr auto kTargetGroupForms = forms_of(kTargetGroup);
constexpr auto kListenerForms = forms_of(kListener);

template <size_t N>
std::string usual(const std::array<Entry, N>& entries, std::string_view key) {
  const auto found =
      std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) { return entry.form.key == key; });
  GINNEL_CHECK(found != entries.end(), "an attribute that the resource has");
  return std::string(found->usual);
}

std::optional<int> parse_number(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool has_udp(const TargetGroup& group) { return group.protocol != "TCP"; }

}  // namespace

bool AttributeForm::allows(std::string_view value) const {
  if (!honoured && words.empty() && most < least) return true;  // a text
  for (std::string_view rest = words; !rest.empty();) {
    const auto bar = std::min(rest.find('|'), rest.size());
    if (rest.substr(0, bar) == value) return true;
    rest.remove_prefix(std::min(bar + 1, rest.size()));
  }
  const auto number = parse_number(value);
  return number && *number >= least && *number <= most && fmt::to_string(*number) == value;
}

std::string AttributeForm::allowed() const {
  std::string out;
  for (const char c : words) out += c == '|' ? std::string(", ") : std::string(1, c);
  if (most < least) return out;
  return fmt::format("{}{}a number from {} to {}", out, out.empty() ? "" : " or ", least, most);
}

std::span<const AttributeForm> attribute_forms(const LoadBalancer&) { return kLoadBalancerForms; }
std::span<const AttributeForm> attribute_forms(const TargetGroup&) { return kTargetGroupForms; }
std::span<const AttributeForm> attribute_forms(const Listener& listener) {
  if (listener.protocol == "UDP") return {};
  return kListenerForms;
}

std::string attribute_default(const LoadBalancer&, std::string_view key) { return usual(kLoadBalancer, key); }

std::string attribute_default(const TargetGroup& group, std::string_view key) {
  if (key == kPreserveClientIp) return group.target_type == "ip" && !has_udp(group) ? "false" : "true";
  if (key == kTerminateDeregistered) return has_udp(group) ? "true" : "false";
  if (key == kTerminateUnhealthy) return has_udp(group) ? "false" : "true";
  return usual(kTargetGroup, key);
}

std::string attribute_default(const Listener&, std::string_view key) { return usual(kListener, key); }

uint32_t attribute_number(std::string_view value) {
  if (value == "off") return 0;
  const auto number = parse_number(value);
  GINNEL_CHECK(number.has_value(), "a stored number is one");
  return static_cast<uint32_t>(*number);
}

bool deletion_protected(const LoadBalancer& balancer) { return attribute_flag(balancer, kDeletionProtection); }

bool cross_zone(const TargetGroup& group, const LoadBalancer& balancer) {
  const std::string own = attribute(group, kCrossZone);
  return own == kAsLoadBalancer ? attribute_flag(balancer, kCrossZone) : own == "true";
}

bool preserves_client_ip(const TargetGroup& group) { return attribute_flag(group, kPreserveClientIp); }
bool sends_proxy_header(const TargetGroup& group) { return attribute_flag(group, kProxyProtocol); }
bool is_sticky(const TargetGroup& group) { return attribute_flag(group, kStickiness); }

TimeMs deregistration_delay_ms(const TargetGroup& group) {
  return TimeMs{1000} * attribute_number(group, kDeregistrationDelay);
}

bool terminates_unhealthy(const TargetGroup& group) { return attribute_flag(group, kTerminateUnhealthy); }

TimeMs unhealthy_draining_ms(const TargetGroup& group) {
  return TimeMs{1000} * attribute_number(group, kUnhealthyDraining);
}

HealthFloor dns_failover_floor(const TargetGroup& group) {
  return {attribute_number(group, kFailoverCount), attribute_number(group, kFailoverPercentage)};
}

HealthFloor fail_open_floor(const TargetGroup& group) {
  return {attribute_number(group, kOpenCount), attribute_number(group, kOpenPercentage)};
}

uint32_t idle_timeout_s(const Listener& listener) { return attribute_number(listener, kIdleTimeout); }

}  // namespace ginnel::model
