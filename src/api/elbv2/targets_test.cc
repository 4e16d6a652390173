#include "api/elbv2/targets.h"

#include "api/elbv2/balancer_fixture.h"

namespace ginnel::api {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr const char* kInstance = "i-00000000000000001";

class Targets : public BalancerFixture {
 protected:
  std::string group = make_group();

  std::string instance_group() {
    auto request = group_request("instances");
    request.target_type = "instance";
    return make_group(request);
  }
  std::string error_for(const std::string& arn, const elbv2::TargetDescription& target) {
    return error_of(register_targets, {.target_group_arn = arn, .targets = {target}});
  }
  const model::Target* target(const std::string& id, int port = 80) {
    return snapshot.find<model::Target>(group + "|" + id + ":" + std::to_string(port));
  }
};

TEST_F(Targets, AddressesAreRegisteredWithThePortOfTheGroupOrTheirOwn) {
  add_target(group, "10.0.1.50");
  add_target(group, "10.0.1.50", 8080);
  ASSERT_NE(target("10.0.1.50"), nullptr);
  ASSERT_NE(target("10.0.1.50", 8080), nullptr);
  EXPECT_NE(target("10.0.1.50")->number, target("10.0.1.50", 8080)->number);
  EXPECT_EQ(target("10.0.1.50")->health, "initial");
  const auto before = *target("10.0.1.50");
  add_target(group, "10.0.1.50");  // again
  EXPECT_EQ(*target("10.0.1.50"), before);
}

TEST_F(Targets, AZoneCanBeGiven) {
  const auto with = [&](const char* zone) {
    run(register_targets, {.target_group_arn = group, .targets = {{.id = "10.0.1.50", .availability_zone = zone}}});
    return target("10.0.1.50")->zone;
  };
  EXPECT_EQ(with("ap-northeast-1a"), "ap-northeast-1a");
  const auto number = target("10.0.1.50")->number;
  EXPECT_EQ(with("all"), "all");
  EXPECT_EQ(target("10.0.1.50")->number, number);
  EXPECT_THAT(error_for(group, {.id = "10.0.1.50", .availability_zone = "ap-northeast-1c"}),
              StartsWith("ValidationError: The Availability Zone 'ap-northeast-1c' is not that of the target"));
  EXPECT_THAT(error_for(group, {.id = "10.0.1.50", .availability_zone = "mars"}), HasSubstr("'mars'"));
}

TEST_F(Targets, AddressesAreChecked) {
  for (const char* bad : {"x", "10.0.1", "2001:db8::1", "i-00000000000000001"}) {
    EXPECT_EQ(error_for(group, {.id = bad}),
              std::string("ValidationError: The IP address '") + bad + "' is not a valid IPv4 address");
  }
  EXPECT_THAT(error_for(group, {.id = "10.1.0.1"}),
              StartsWith("ValidationError: The IP address '10.1.0.1' is not within the CIDR block '10.0.0.0/16'"));
  EXPECT_THAT(error_for(group, {.id = "10.0.1.50", .port = 0}),
              HasSubstr("Value (0) for parameter Targets.member.Port"));
  EXPECT_THAT(error_of(register_targets, {.target_group_arn = group}), HasSubstr("Targets"));
  EXPECT_THAT(error_of(register_targets, {.target_group_arn = group, .targets = {{.id = "10.0.1.50"}}}, kOtherAccount),
              StartsWith("TargetGroupNotFound: "));
}

TEST_F(Targets, InstancesAreChecked) {
  const auto arn = instance_group();
  put_instance(kInstance);
  add_target(arn, kInstance);
  EXPECT_EQ(error_for(arn, {.id = "10.0.1.50"}), "ValidationError: Instance ID '10.0.1.50' is not valid");
  EXPECT_EQ(error_for(arn, {.id = "i-12345678"}), "InvalidTarget: The following targets do not exist: 'i-12345678'");
  EXPECT_THAT(error_for(arn, {.id = kInstance, .availability_zone = "all"}),
              HasSubstr("You cannot specify an Availability Zone"));
  put_instance("i-00000000000000002", kSecondVpc, kSecondSubnet);
  EXPECT_THAT(error_for(arn, {.id = "i-00000000000000002"}),
              HasSubstr("InvalidTarget: The following targets are not in the target group VPC"));
  put_instance("i-00000000000000003", kVpc, kSubnetA, "shutting-down");
  EXPECT_EQ(error_for(arn, {.id = "i-00000000000000003"}),
            "InvalidTarget: The following targets are not in a running state and cannot be registered: "
            "'i-00000000000000003'");
}

TEST_F(Targets, NothingIsRegisteredWhereOneIsBad) {
  EXPECT_THAT(error_of(register_targets, {.target_group_arn = group, .targets = {{.id = "10.0.1.50"}, {.id = "x"}}}),
              StartsWith("ValidationError: "));
  EXPECT_EQ(target("10.0.1.50"), nullptr);
}

TEST_F(Targets, TheQuotaIsKept) {
  elbv2::RegisterTargetsRequest request{.target_group_arn = group};
  for (int port = 1; port <= 3000; ++port) request.targets.push_back({.id = "10.0.1.50", .port = port});
  run(register_targets, request);
  EXPECT_THAT(error_for(group, {.id = "10.0.1.51"}), StartsWith("TooManyTargets: The target group"));
  // The same holds for all groups of a load balancer together.
  const auto other = make_group(group_request("other"));
  add_target(other, "10.0.1.60");
  const auto balancer = make_balancer();
  make_listener(balancer, group, 80);
  EXPECT_THAT(error_of(create_listener, listener_request(balancer, other, 81)),
              StartsWith("TooManyTargets: The load balancer"));
  drop_target(group, "10.0.1.50");
  run(deregister_targets, {.target_group_arn = group, .targets = {{.id = "10.0.1.50", .port = 1}}});
  EXPECT_THAT(error_of(create_listener, listener_request(balancer, other, 81)), StartsWith("TooManyTargets: "));
  now += std::chrono::minutes(6);
  commit(model::purge(snapshot, now));
  EXPECT_EQ(run(create_listener, listener_request(balancer, other, 81)).listeners.size(), 1U);
  add_target(other, "10.0.1.61");
  EXPECT_THAT(error_for(other, {.id = "10.0.1.62"}), StartsWith("TooManyTargets: The load balancer"));
}

TEST_F(Targets, ADeregisteredOneDrainsAndIsThenGone) {
  make_listener(make_balancer(), group);
  add_target(group, "10.0.1.50");
  drop_target(group, "10.0.1.50");
  EXPECT_EQ(target("10.0.1.50")->deregistered, now.time_since_epoch().count());
  EXPECT_THAT(health_of(group), ElementsAre("draining Target.DeregistrationInProgress"));
  drop_target(group, "10.0.1.50");  // again, and one that was never there
  drop_target(group, "10.0.1.99");
  EXPECT_TRUE(model::purge(snapshot, now + std::chrono::seconds(299)).empty());
  commit(model::purge(snapshot, now + std::chrono::seconds(300)));
  EXPECT_EQ(target("10.0.1.50"), nullptr);
}

TEST_F(Targets, TheDelayIsTheGroups) {
  make_listener(make_balancer(), group);
  set_attribute(group, "deregistration_delay.timeout_seconds", "7");
  add_target(group, "10.0.1.50");
  drop_target(group, "10.0.1.50");
  EXPECT_TRUE(model::purge(snapshot, now + std::chrono::seconds(6)).empty());
  EXPECT_FALSE(model::purge(snapshot, now + std::chrono::seconds(7)).empty());
  set_attribute(group, "deregistration_delay.timeout_seconds", "0");
  add_target(group, "10.0.1.51");
  drop_target(group, "10.0.1.51");
  EXPECT_EQ(target("10.0.1.51"), nullptr);
}

TEST_F(Targets, WhereNoListenerUsesTheGroupNothingDrains) {
  add_target(group, "10.0.1.50");
  drop_target(group, "10.0.1.50");
  EXPECT_EQ(target("10.0.1.50"), nullptr);
  // Nor once the listener has gone.
  const auto listener = make_listener(make_balancer(), group);
  add_target(group, "10.0.1.50");
  drop_target(group, "10.0.1.50");
  run(delete_listener, {.listener_arn = listener});
  commit(model::purge(snapshot, now));
  EXPECT_EQ(target("10.0.1.50"), nullptr);
}

TEST_F(Targets, OneThatDrainsComesBackAsANewRegistration) {
  make_listener(make_balancer(), group);
  add_target(group, "10.0.1.50");
  find_out(group, "healthy");
  const auto number = target("10.0.1.50")->number;
  drop_target(group, "10.0.1.50");
  EXPECT_EQ(target("10.0.1.50")->number, number);
  add_target(group, "10.0.1.50");
  EXPECT_EQ(target("10.0.1.50")->deregistered, 0);
  EXPECT_GT(target("10.0.1.50")->number, number);
  EXPECT_EQ(target("10.0.1.50")->health, "initial");
}

TEST_F(Targets, ATargetGoesWithItsInstance) {
  const auto arn = instance_group();
  put_instance(kInstance);
  add_target(arn, kInstance);
  auto instance = *snapshot.find<model::Instance>(kInstance);
  instance.state = "terminated";
  instance.terminated = now.time_since_epoch().count();
  model::Change change;
  change.put(instance);
  commit(change);
  EXPECT_THAT(health_of(arn), ElementsAre("unused Target.InvalidState"));
  commit(model::purge(snapshot, now + model::kTerminatedShown));
  EXPECT_THAT(health_of(arn), IsEmpty());
}

}  // namespace
}  // namespace ginnel::api
