// Attributes of network load balancers, their target groups and listeners: which there are, what they may be, and what
// is in force. The actions and the planner read the same tables.
//
// A resource keeps only the attributes that were set (TagMap attributes); the others have their defaults, some of which
// depend on the resource. Source: ELBv2 LoadBalancerAttribute, TargetGroupAttribute, ListenerAttribute, and "Target
// groups for your Network Load Balancers". Pure functions; a key that the resource does not have is a programming
// error.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "model/resources.h"

namespace ginnel::model {

struct AttributeForm {
  std::string_view key;
  std::string_view words;    // what it may be, separated by '|'; "" where it is a number only
  int least = 0, most = -1;  // or a number within this range; none where most < least
  // false: nothing here depends on it, so only the default may be set.
  bool honoured = true;

  [[nodiscard]] bool allows(std::string_view value) const;
  // "true, false", "off or a number from 1 to 100"
  [[nodiscard]] std::string allowed() const;
};

// Those that the resource has, by key. A listener without TCP has none.
[[nodiscard]] std::span<const AttributeForm> attribute_forms(const LoadBalancer& balancer);
[[nodiscard]] std::span<const AttributeForm> attribute_forms(const TargetGroup& group);
[[nodiscard]] std::span<const AttributeForm> attribute_forms(const Listener& listener);

// The default of this resource, whatever was set.
[[nodiscard]] std::string attribute_default(const LoadBalancer& balancer, std::string_view key);
[[nodiscard]] std::string attribute_default(const TargetGroup& group, std::string_view key);
[[nodiscard]] std::string attribute_default(const Listener& listener, std::string_view key);

// The value in force: the one that was set, else the default.
template <typename T>
[[nodiscard]] std::string attribute(const T& resource, std::string_view key) {
  const auto set = resource.attributes.find(std::string(key));
  return set != resource.attributes.end() ? set->second : attribute_default(resource, key);
}
// The same as a flag ("true"), and as a number; "off" is 0.
[[nodiscard]] uint32_t attribute_number(std::string_view value);
template <typename T>
[[nodiscard]] bool attribute_flag(const T& resource, std::string_view key) {
  return attribute(resource, key) == "true";
}
template <typename T>
[[nodiscard]] uint32_t attribute_number(const T& resource, std::string_view key) {
  return attribute_number(attribute(resource, key));
}

// How many targets must be healthy; below it something happens.
struct HealthFloor {
  uint32_t count = 0, percentage = 0;  // 0: off

  // Both hold ("the load balancer takes action when either threshold is breached").
  [[nodiscard]] bool met_by(size_t healthy, size_t registered) const {
    return healthy >= count && healthy * 100 >= size_t{percentage} * registered;
  }
};

[[nodiscard]] bool deletion_protected(const LoadBalancer& balancer);
// Nodes send to the targets of every zone: what the group says, else what the load balancer says.
[[nodiscard]] bool cross_zone(const TargetGroup& group, const LoadBalancer& balancer);
// Targets see the client's address. Never for flows from endpoints, whatever this says.
[[nodiscard]] bool preserves_client_ip(const TargetGroup& group);
[[nodiscard]] bool sends_proxy_header(const TargetGroup& group);  // PROXY protocol version 2, of TCP flows
[[nodiscard]] bool is_sticky(const TargetGroup& group);           // by the client's address
// How long a deregistered target drains; then its Target is removed, and its flows are cut.
[[nodiscard]] TimeMs deregistration_delay_ms(const TargetGroup& group);
// Flows to a target that becomes unhealthy are cut.
[[nodiscard]] bool terminates_unhealthy(const TargetGroup& group);
// How long such a target is "unhealthy.draining" where they are not cut.
[[nodiscard]] TimeMs unhealthy_draining_ms(const TargetGroup& group);
// Below it a zone's address leaves the load balancer's name.
[[nodiscard]] HealthFloor dns_failover_floor(const TargetGroup& group);
// Below it every target of the zone gets new flows (fail open).
[[nodiscard]] HealthFloor fail_open_floor(const TargetGroup& group);
[[nodiscard]] uint32_t idle_timeout_s(const Listener& listener);  // of TCP flows

}  // namespace ginnel::model
