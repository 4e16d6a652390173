#include "api/elbv2/attributes.h"

#include "api/elbv2/balancer_fixture.h"

namespace ginnel::api {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class Attributes : public BalancerFixture {
 protected:
  std::string balancer = make_balancer(), group = make_group();

  template <typename Response>
  static std::map<std::string, std::string> map_of(const Response& response) {
    std::map<std::string, std::string> out;
    for (const auto& one : response.attributes) out[*one.key] = *one.value;
    return out;
  }
  std::string balancer_error(const char* key, const char* value) {
    return error_of(modify_load_balancer_attributes,
                    {.load_balancer_arn = balancer, .attributes = {{.key = key, .value = value}}});
  }
  std::string group_error(const std::string& arn, const char* key, const char* value) {
    return error_of(modify_target_group_attributes,
                    {.target_group_arn = arn, .attributes = {{.key = key, .value = value}}});
  }
};

TEST_F(Attributes, ALoadBalancerHasItsDefaultsUntilTheyAreSet) {
  auto all = map_of(run(describe_load_balancer_attributes, {.load_balancer_arn = balancer}));
  EXPECT_EQ(all.size(), 9U);
  EXPECT_EQ(all.at("load_balancing.cross_zone.enabled"), "false");
  EXPECT_EQ(all.at("deletion_protection.enabled"), "false");
  EXPECT_EQ(all.at("access_logs.s3.enabled"), "false");
  EXPECT_EQ(all.at("dns_record.client_routing_policy"), "any_availability_zone");
  EXPECT_EQ(all.at("zonal_shift.config.enabled"), "false");
  all = map_of(run(modify_load_balancer_attributes,
                   {.load_balancer_arn = balancer,
                    .attributes = {{.key = "load_balancing.cross_zone.enabled", .value = "true"},
                                   {.key = "access_logs.s3.enabled", .value = "false"},
                                   {.key = "access_logs.s3.bucket", .value = ""}}}));
  EXPECT_EQ(all.at("load_balancing.cross_zone.enabled"), "true");
  EXPECT_EQ(snapshot.find<model::LoadBalancer>(balancer)->attributes.size(), 1U);  // defaults are not kept
  EXPECT_EQ(map_of(run(describe_load_balancer_attributes, {.load_balancer_arn = balancer})), all);
}

TEST_F(Attributes, WhatHasNoEffectHereIsRefusedByNameAndValue) {
  for (const auto& [key, value] :
       std::map<const char*, const char*>{{"access_logs.s3.enabled", "true"},
                                          {"access_logs.s3.bucket", "logs"},
                                          {"access_logs.s3.prefix", "p"},
                                          {"dns_record.client_routing_policy", "availability_zone_affinity"},
                                          {"ipv6.deny_all_igw_traffic", "false"},
                                          {"secondary_ips.auto_assigned.per_subnet", "1"},
                                          {"zonal_shift.config.enabled", "true"}}) {
    EXPECT_THAT(balancer_error(key, value), StartsWith(std::string("ValidationError: Load balancer attribute value '") +
                                                       value + "' of the key '" + key + "' is not supported"));
  }
}

TEST_F(Attributes, UnknownKeysAndBadValuesAreRefused) {
  EXPECT_EQ(balancer_error("idle_timeout.timeout_seconds", "60"),
            "ValidationError: Load balancer attribute key 'idle_timeout.timeout_seconds' is not recognized");
  EXPECT_THAT(balancer_error("deletion_protection.enabled", "yes"),
              HasSubstr("'yes' of the key 'deletion_protection.enabled' is not valid: it must be true, false"));
  EXPECT_EQ(group_error(group, "slow_start.duration_seconds", "30"),
            "ValidationError: Target group attribute key 'slow_start.duration_seconds' is not recognized");
  EXPECT_THAT(group_error(group, "deregistration_delay.timeout_seconds", "3601"), HasSubstr("a number from 0 to 3600"));
  EXPECT_THAT(group_error(group, "stickiness.type", "lb_cookie"), HasSubstr("it must be source_ip"));
  EXPECT_THAT(error_of(modify_load_balancer_attributes, {.load_balancer_arn = balancer}), HasSubstr("Attributes"));
  EXPECT_THAT(
      error_of(modify_load_balancer_attributes, {.load_balancer_arn = balancer, .attributes = {{.value = "x"}}}),
      HasSubstr("Attributes.member.1.Key"));
  EXPECT_THAT(error_of(modify_load_balancer_attributes,
                       {.load_balancer_arn = balancer,
                        .attributes = {{.key = "deletion_protection.enabled", .value = "true"},
                                       {.key = "deletion_protection.enabled", .value = "false"}}}),
              HasSubstr("'deletion_protection.enabled' was specified more than once"));
  EXPECT_THAT(error_of(describe_load_balancer_attributes, {.load_balancer_arn = balancer}, kOtherAccount),
              StartsWith("LoadBalancerNotFound: "));
}

TEST_F(Attributes, ATargetGroupHasItsDefaultsUntilTheyAreSet) {
  auto all = map_of(run(describe_target_group_attributes, {.target_group_arn = group}));
  EXPECT_EQ(all.size(), 13U);
  EXPECT_EQ(all.at("deregistration_delay.timeout_seconds"), "300");
  EXPECT_EQ(all.at("preserve_client_ip.enabled"), "false");
  EXPECT_EQ(all.at("proxy_protocol_v2.enabled"), "false");
  EXPECT_EQ(all.at("target_health_state.unhealthy.connection_termination.enabled"), "true");
  for (const auto& [key, value] : std::map<const char*, const char*>{
           {"deregistration_delay.timeout_seconds", "0"},
           {"deregistration_delay.connection_termination.enabled", "true"},
           {"load_balancing.cross_zone.enabled", "true"},
           {"preserve_client_ip.enabled", "true"},
           {"proxy_protocol_v2.enabled", "true"},
           {"stickiness.enabled", "true"},
           {"target_group_health.dns_failover.minimum_healthy_targets.count", "off"},
           {"target_group_health.dns_failover.minimum_healthy_targets.percentage", "50"},
           {"target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", "2"},
           {"target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage", "10"},
           {"target_health_state.unhealthy.connection_termination.enabled", "false"}}) {
    set_attribute(group, key, value);
    EXPECT_EQ(map_of(run(describe_target_group_attributes, {.target_group_arn = group})).at(key), value);
  }
}

TEST_F(Attributes, SomeDependOnTheProtocolOrOnEachOther) {
  auto request = group_request("udp");
  request.protocol = "UDP";
  const auto udp = make_group(request);
  EXPECT_THAT(
      group_error(udp, "preserve_client_ip.enabled", "false"),
      StartsWith(
          "InvalidConfigurationRequest: Target group attribute value 'false' of the key 'preserve_client_ip.enabled'"));
  EXPECT_THAT(group_error(udp, "target_health_state.unhealthy.connection_termination.enabled", "true"),
              HasSubstr("UDP"));
  EXPECT_THAT(group_error(udp, "proxy_protocol_v2.enabled", "true"), HasSubstr("UDP"));
  EXPECT_THAT(group_error(udp, "deregistration_delay.connection_termination.enabled", "false"),
              HasSubstr("always ended"));
  EXPECT_THAT(group_error(group, "target_health_state.unhealthy.draining_interval_seconds", "5"),
              HasSubstr("connection_termination.enabled must be false"));
}

TEST_F(Attributes, AListenersIdleTimeoutIsForTcp) {
  const auto listener = make_listener(balancer, group);
  EXPECT_EQ(map_of(run(describe_listener_attributes, {.listener_arn = listener})).at("tcp.idle_timeout.seconds"),
            "350");
  run(modify_listener_attributes,
      {.listener_arn = listener, .attributes = {{.key = "tcp.idle_timeout.seconds", .value = "6000"}}});
  EXPECT_EQ(map_of(run(describe_listener_attributes, {.listener_arn = listener})).at("tcp.idle_timeout.seconds"),
            "6000");
  for (const char* bad : {"59", "6001", "x"}) {
    EXPECT_THAT(error_of(modify_listener_attributes,
                         {.listener_arn = listener, .attributes = {{.key = "tcp.idle_timeout.seconds", .value = bad}}}),
                HasSubstr("a number from 60 to 6000"));
  }
  auto request = group_request("both");
  request.protocol = "TCP_UDP";
  const auto both = make_group(request);
  run(modify_listener, {.listener_arn = listener,
                        .protocol = "UDP",
                        .default_actions = {{.type = "forward", .target_group_arn = both}}});
  EXPECT_TRUE(run(describe_listener_attributes, {.listener_arn = listener}).attributes.empty());
  EXPECT_THAT(error_of(modify_listener_attributes,
                       {.listener_arn = listener, .attributes = {{.key = "tcp.idle_timeout.seconds", .value = "60"}}}),
              HasSubstr("Listener attribute key 'tcp.idle_timeout.seconds' is not recognized"));
}

}  // namespace
}  // namespace ginnel::api
