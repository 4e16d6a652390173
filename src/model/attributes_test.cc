#include "model/attributes.h"

#include <gtest/gtest.h>

namespace ginnel::model {
namespace {

TargetGroup group_of(const char* protocol, const char* type) {
  TargetGroup group;
  group.protocol = protocol;
  group.target_type = type;
  return group;
}

const AttributeForm& form(std::span<const AttributeForm> forms, std::string_view key) {
  for (const auto& one : forms) {
    if (one.key == key) return one;
  }
  throw std::out_of_range(std::string(key));
}

TEST(Attributes, EveryDefaultIsAllowedAndTheKeysAreSorted) {
  const auto check = [](const auto& resource) {
    std::string_view last;
    for (const auto& one : attribute_forms(resource)) {
      EXPECT_TRUE(one.allows(attribute_default(resource, one.key))) << one.key;
      EXPECT_LT(last, one.key);
      last = one.key;
    }
  };
  check(LoadBalancer{});
  check(group_of("TCP", "instance"));
  check(group_of("UDP", "ip"));
  check(Listener{});
}

TEST(Attributes, SomeDefaultsDependOnTheGroup) {
  EXPECT_TRUE(preserves_client_ip(group_of("TCP", "instance")));
  EXPECT_FALSE(preserves_client_ip(group_of("TCP", "ip")));
  EXPECT_TRUE(preserves_client_ip(group_of("UDP", "ip")));
  EXPECT_TRUE(preserves_client_ip(group_of("TCP_UDP", "ip")));
  EXPECT_TRUE(terminates_unhealthy(group_of("TCP", "ip")));
  EXPECT_FALSE(terminates_unhealthy(group_of("UDP", "ip")));
}

TEST(Attributes, WhatIsSetIsInForce) {
  TargetGroup group = group_of("TCP", "ip");
  EXPECT_EQ(deregistration_delay_ms(group), 300'000);
  group.attributes = {{"deregistration_delay.timeout_seconds", "5"},
                      {"preserve_client_ip.enabled", "true"},
                      {"proxy_protocol_v2.enabled", "true"},
                      {"stickiness.enabled", "true"},
                      {"target_health_state.unhealthy.draining_interval_seconds", "7"}};
  EXPECT_EQ(deregistration_delay_ms(group), 5'000);
  EXPECT_EQ(unhealthy_draining_ms(group), 7'000);
  EXPECT_TRUE(preserves_client_ip(group) && sends_proxy_header(group) && is_sticky(group));
  Listener listener;
  EXPECT_EQ(idle_timeout_s(listener), 350U);
  listener.attributes = {{"tcp.idle_timeout.seconds", "6000"}};
  EXPECT_EQ(idle_timeout_s(listener), 6000U);
}

TEST(Attributes, TheGroupsCrossZoneComesBeforeTheLoadBalancers) {
  LoadBalancer balancer;
  TargetGroup group;
  EXPECT_FALSE(cross_zone(group, balancer));
  balancer.attributes = {{"load_balancing.cross_zone.enabled", "true"}};
  EXPECT_TRUE(cross_zone(group, balancer));
  group.attributes = {{"load_balancing.cross_zone.enabled", "false"}};
  EXPECT_FALSE(cross_zone(group, balancer));
}

TEST(Attributes, EitherThresholdBreaksAFloor) {
  TargetGroup group;
  EXPECT_TRUE(fail_open_floor(group).met_by(1, 10));
  EXPECT_FALSE(fail_open_floor(group).met_by(0, 10));
  group.attributes = {{"target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", "2"},
                      {"target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage", "50"},
                      {"target_group_health.dns_failover.minimum_healthy_targets.count", "off"}};
  EXPECT_FALSE(fail_open_floor(group).met_by(1, 2));
  EXPECT_FALSE(fail_open_floor(group).met_by(4, 10));
  EXPECT_TRUE(fail_open_floor(group).met_by(5, 10));
  EXPECT_TRUE(dns_failover_floor(group).met_by(0, 10));
}

TEST(Attributes, ValuesAreChecked) {
  const auto forms = attribute_forms(TargetGroup{});
  const auto& delay = form(forms, "deregistration_delay.timeout_seconds");
  EXPECT_TRUE(delay.allows("0") && delay.allows("3600"));
  for (const char* bad : {"3601", "-1", "", "5s", "05", " 5", "true"}) EXPECT_FALSE(delay.allows(bad)) << bad;
  EXPECT_EQ(delay.allowed(), "a number from 0 to 3600");
  const auto& percentage = form(forms, "target_group_health.dns_failover.minimum_healthy_targets.percentage");
  EXPECT_TRUE(percentage.allows("off") && percentage.allows("100") && !percentage.allows("101"));
  EXPECT_EQ(percentage.allowed(), "off or a number from 1 to 100");
  const auto& flag = form(forms, "stickiness.enabled");
  EXPECT_TRUE(flag.allows("true") && flag.allows("false") && !flag.allows("True") && !flag.allows(""));
  EXPECT_EQ(flag.allowed(), "true, false");
}

TEST(Attributes, AListenerWithoutTcpHasNone) {
  Listener udp;
  udp.protocol = "UDP";
  EXPECT_TRUE(attribute_forms(udp).empty());
}

}  // namespace
}  // namespace ginnel::model
