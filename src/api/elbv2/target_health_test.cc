#include "api/elbv2/target_health.h"

#include "api/elbv2/balancer_fixture.h"
#include "api/elbv2/set_load_balancer.h"

namespace ginnel::api {
namespace {

using ::testing::ElementsAre;
using ::testing::StartsWith;

class TargetHealth : public BalancerFixture {
 protected:
  std::string balancer = make_balancer(), group = make_group();

  elbv2::TargetHealthDescription only(const std::string& arn) {
    return run(describe_target_health, {.target_group_arn = arn}).target_health_descriptions.at(0);
  }
};

TEST_F(TargetHealth, AGroupThatNoListenerUsesIsUnused) {
  add_target(group, "10.0.1.50");
  const auto one = only(group);
  EXPECT_EQ(*one.target->id, "10.0.1.50");
  EXPECT_EQ(*one.target->port, 80);
  EXPECT_EQ(*one.target->availability_zone, "ap-northeast-1a");
  EXPECT_EQ(*one.health_check_port, "80");
  EXPECT_EQ(*one.target_health->state, "unused");
  EXPECT_EQ(*one.target_health->reason, "Target.NotInUse");
  EXPECT_EQ(*one.target_health->description,
            "Target group is not configured to receive traffic from the load balancer");
}

TEST_F(TargetHealth, RegistrationEndsWhenThePlanIsApplied) {
  make_listener(balancer, group);
  add_target(group, "10.0.1.50");
  EXPECT_EQ(*only(group).target_health->reason, "Elb.RegistrationInProgress");
  EXPECT_EQ(*only(group).target_health->description, "Target registration is in progress");
  apply();
  EXPECT_EQ(*only(group).target_health->state, "initial");
  EXPECT_EQ(*only(group).target_health->reason, "Elb.InitialHealthChecking");
  EXPECT_EQ(*only(group).target_health->description, "Initial health checks in progress");
  EXPECT_TRUE(model::mark_applied(snapshot, snapshot, kVpc, now).empty());
}

TEST_F(TargetHealth, ATargetRegisteredSinceIsNotApplied) {
  make_listener(balancer, group);
  const auto applied = snapshot;
  add_target(group, "10.0.1.50");
  commit(model::mark_applied(applied, snapshot, kVpc, now));
  EXPECT_THAT(health_of(group), ElementsAre("initial Elb.RegistrationInProgress"));
}

TEST_F(TargetHealth, WhatTheProbesFoundIsShown) {
  make_listener(balancer, group);
  add_target(group, "10.0.1.50");
  find_out(group, "healthy");
  EXPECT_EQ(*only(group).target_health->state, "healthy");
  EXPECT_FALSE(only(group).target_health->reason);
  EXPECT_FALSE(only(group).target_health->description);
  find_out(group, "unhealthy", "Target.FailedHealthChecks");
  EXPECT_EQ(*only(group).target_health->description, "Health checks failed");
  find_out(group, "unhealthy", "Target.Timeout");
  EXPECT_EQ(*only(group).target_health->reason, "Target.Timeout");
  EXPECT_EQ(*only(group).target_health->description, "Request timed out");
  find_out(group, "unhealthy");
  EXPECT_THAT(health_of(group), ElementsAre("unhealthy Target.FailedHealthChecks"));
  find_out(group, "unavailable");
  EXPECT_THAT(health_of(group), ElementsAre("unavailable Elb.InternalError"));
  model::Change change;
  auto target = *snapshot.table<model::Target>().all().at(0);
  target.health = "unhealthy";
  target.reason = "Target.ResponseCodeMismatch";
  target.description = "Health checks failed with these codes: [500]";
  change.put(target);
  commit(change);
  EXPECT_EQ(*only(group).target_health->description, "Health checks failed with these codes: [500]");
}

TEST_F(TargetHealth, AnUnhealthyTargetMayDrain) {
  make_listener(balancer, group);
  add_target(group, "10.0.1.50");
  set_attribute(group, "target_health_state.unhealthy.connection_termination.enabled", "false");
  set_attribute(group, "target_health_state.unhealthy.draining_interval_seconds", "10");
  find_out(group, "unhealthy", "Target.Timeout");
  EXPECT_THAT(health_of(group), ElementsAre("unhealthy.draining Target.Timeout"));
  now += std::chrono::seconds(10);
  EXPECT_THAT(health_of(group), ElementsAre("unhealthy Target.Timeout"));
}

TEST_F(TargetHealth, ATargetOfAZoneWithoutANodeIsUnused) {
  make_listener(balancer, group);
  add_target(group, "10.0.4.5");  // zone d
  EXPECT_EQ(*only(group).target_health->reason, "Target.NotInUse");
  EXPECT_EQ(*only(group).target_health->description,
            "Target is in an Availability Zone that is not enabled for the load balancer");
  run(set_subnets, {.load_balancer_arn = balancer, .subnets = {kSubnetA, kTinySubnet}});
  EXPECT_EQ(*only(group).target_health->state, "initial");
  run(set_subnets, {.load_balancer_arn = balancer, .subnets = {kSubnetA}});
  run(register_targets, {.target_group_arn = group, .targets = {{.id = "10.0.4.5", .availability_zone = "all"}}});
  EXPECT_EQ(*only(group).target_health->state, "initial");
  EXPECT_EQ(*only(group).target->availability_zone, "all");
}

TEST_F(TargetHealth, ANodesAddressIsUnusable) {
  make_listener(balancer, group);
  add_target(group, "10.0.1.4");  // the node's
  EXPECT_THAT(health_of(group), ElementsAre("unused Target.IpUnusable"));
}

TEST_F(TargetHealth, ThoseAskedForAreAnsweredWhetherRegisteredOrNot) {
  make_listener(balancer, group);
  add_target(group, "10.0.1.50");
  add_target(group, "10.0.1.50", 81);
  const auto asked = [&](const elbv2::TargetDescription& target) {
    return run(describe_target_health, {.target_group_arn = group, .targets = {target}}).target_health_descriptions;
  };
  EXPECT_EQ(asked({.id = "10.0.1.50"}).size(), 2U);
  EXPECT_EQ(asked({.id = "10.0.1.50", .port = 81}).size(), 1U);
  const auto unknown = asked({.id = "10.0.1.51"});
  ASSERT_EQ(unknown.size(), 1U);
  EXPECT_EQ(*unknown[0].target->port, 80);
  EXPECT_EQ(*unknown[0].target_health->state, "unused");
  EXPECT_EQ(*unknown[0].target_health->reason, "Target.NotRegistered");
  EXPECT_EQ(*unknown[0].target_health->description, "Target is not registered to the target group");
  EXPECT_THAT(error_of(describe_target_health, {.target_group_arn = group}, kOtherAccount),
              StartsWith("TargetGroupNotFound: "));
}

TEST_F(TargetHealth, InstancesHaveNoZoneInTheAnswer) {
  auto request = group_request("instances");
  request.target_type = "instance";
  request.health_check_port = "8080";
  const auto arn = make_group(request);
  put_instance("i-00000000000000001");
  add_target(arn, "i-00000000000000001");
  make_listener(balancer, arn);
  EXPECT_FALSE(only(arn).target->availability_zone);
  EXPECT_EQ(*only(arn).health_check_port, "8080");
  EXPECT_EQ(*only(arn).target_health->state, "initial");
  put_instance("i-00000000000000001", kVpc, kTinySubnet);
  EXPECT_THAT(health_of(arn), ElementsAre("unused Target.NotInUse"));
}

TEST_F(TargetHealth, ChecksBeginAnewWithTheFirstListener) {
  const auto listener = make_listener(balancer, group);
  add_target(group, "10.0.1.50");
  find_out(group, "healthy");
  make_listener(balancer, group, 81);
  EXPECT_THAT(health_of(group), ElementsAre("healthy"));
  run(delete_load_balancer, {.load_balancer_arn = balancer});
  make_listener(make_balancer(), group);
  EXPECT_THAT(health_of(group), ElementsAre("initial Elb.RegistrationInProgress"));
}

}  // namespace
}  // namespace ginnel::api
