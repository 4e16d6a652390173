#include "model/lifecycle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ginnel::model {
namespace {

const WallTime kNow{std::chrono::milliseconds(1'800'000'000'000)};

Snapshot with_endpoint(const std::string& state) {
  Change change;
  change.put(Vpc{.id = "vpc-1", .number = 1});
  change.put(NetworkInterface{.id = "eni-e", .vpc = "vpc-1", .endpoint = "vpce-1"});
  change.put(VpcEndpoint{.id = "vpce-1", .vpc = "vpc-1", .state = state, .interfaces = {"eni-e"}});
  change.put(Tags{.id = "vpce-1", .resource_type = "vpc-endpoint", .tags = {{"Name", "x"}}});
  return Snapshot().with(change);
}

Snapshot with_instance(const std::string& state, bool delete_on_termination = true) {
  Change change;
  change.put(Vpc{.id = "vpc-1", .number = 1});
  NetworkInterface interface { .id = "eni-i", .vpc = "vpc-1", .instance = "i-1", .attachment = "eni-attach-1" };
  interface.delete_on_termination = delete_on_termination;
  change.put(interface);
  change.put(Instance{.id = "i-1", .vpc = "vpc-1", .subnet = "subnet-1", .interface = "eni-i", .state = state});
  return Snapshot().with(change);
}

TEST(MarkApplied, APendingEndpointBecomesAvailable) {
  const auto snapshot = with_endpoint("pending");
  const auto after = snapshot.with(mark_applied(snapshot, snapshot, "vpc-1", kNow));
  EXPECT_EQ(after.find<VpcEndpoint>("vpce-1")->state, "available");
  EXPECT_TRUE(mark_applied(after, after, "vpc-1", kNow).empty());
}

TEST(MarkApplied, ADeletingEndpointGoesWithItsInterfacesAndTags) {
  const auto snapshot = with_endpoint("deleting");
  const auto after = snapshot.with(mark_applied(snapshot, snapshot, "vpc-1", kNow));
  EXPECT_EQ(after.find<VpcEndpoint>("vpce-1"), nullptr);
  EXPECT_EQ(after.find<NetworkInterface>("eni-e"), nullptr);
  EXPECT_EQ(after.find<Tags>("vpce-1"), nullptr);
}

TEST(MarkApplied, ADeletingEndpointTakesItsNotificationsAlong) {
  Change change;
  change.put(ConnectionNotification{.id = "vpce-nfn-1", .endpoint = "vpce-1"});
  change.put(ConnectionNotification{.id = "vpce-nfn-2", .endpoint = "vpce-2"});
  const auto snapshot = with_endpoint("deleting").with(change);
  const auto after = snapshot.with(mark_applied(snapshot, snapshot, "vpc-1", kNow));
  EXPECT_EQ(after.find<ConnectionNotification>("vpce-nfn-1"), nullptr);
  EXPECT_NE(after.find<ConnectionNotification>("vpce-nfn-2"), nullptr);
}

TEST(MarkApplied, OtherEndpointStatesStay) {
  for (const char* state : {"available", "pendingAcceptance", "rejected", "failed", "expired"}) {
    const auto snapshot = with_endpoint(state);
    EXPECT_TRUE(mark_applied(snapshot, snapshot, "vpc-1", kNow).empty()) << state;
  }
}

TEST(MarkApplied, AnotherVpcIsLeftAlone) {
  const auto snapshot = with_endpoint("pending");
  EXPECT_TRUE(mark_applied(snapshot, snapshot, "vpc-2", kNow).empty());
}

TEST(MarkApplied, AnEndpointThatHasBegunToGoSinceIsNotMadeAvailable) {
  EXPECT_TRUE(mark_applied(with_endpoint("pending"), with_endpoint("deleting"), "vpc-1", kNow).empty());
}

TEST(MarkApplied, AnEndpointDeletedAfterTheAppliedRevisionIsNotGoneYet) {
  EXPECT_TRUE(mark_applied(with_endpoint("available"), with_endpoint("deleting"), "vpc-1", kNow).empty());
}

TEST(MarkApplied, AnEndpointModifiedSinceStaysPending) {
  const auto applied = with_endpoint("pending");
  auto modified = *applied.find<VpcEndpoint>("vpce-1");
  modified.private_dns = false;
  Change change;
  change.put(modified);
  EXPECT_TRUE(mark_applied(applied, applied.with(change), "vpc-1", kNow).empty());
}

TEST(MarkApplied, AnEndpointWhoseInterfaceChangedSinceStaysPending) {
  const auto applied = with_endpoint("pending");
  auto moved = *applied.find<NetworkInterface>("eni-e");
  moved.groups = {"sg-2"};
  Change change;
  change.put(moved);
  EXPECT_TRUE(mark_applied(applied, applied.with(change), "vpc-1", kNow).empty());
}

TEST(MarkApplied, AnEndpointMadeSinceIsNotTouched) {
  Change vpc;
  vpc.put(Vpc{.id = "vpc-1", .number = 1});
  EXPECT_TRUE(mark_applied(Snapshot().with(vpc), with_endpoint("pending"), "vpc-1", kNow).empty());
}

TEST(MarkApplied, APendingInstanceRuns) {
  const auto snapshot = with_instance("pending");
  const auto after = snapshot.with(mark_applied(snapshot, snapshot, "vpc-1", kNow));
  EXPECT_EQ(after.find<Instance>("i-1")->state, "running");
  EXPECT_EQ(after.find<Instance>("i-1")->interface, "eni-i");
}

TEST(MarkApplied, AnInstanceThatShutsDownIsTerminatedAndLetsGoOfItsNetwork) {
  const auto snapshot = with_instance("shutting-down");
  const auto after = snapshot.with(mark_applied(snapshot, snapshot, "vpc-1", kNow));
  const auto* instance = after.find<Instance>("i-1");
  ASSERT_NE(instance, nullptr);
  EXPECT_EQ(instance->state, "terminated");
  EXPECT_EQ(instance->terminated, kNow.time_since_epoch().count());
  EXPECT_EQ(instance->interface, "");
  EXPECT_EQ(after.find<NetworkInterface>("eni-i"), nullptr);
  EXPECT_FALSE(after.table<Instance>().any_referring_to("subnet-1"));
}

TEST(MarkApplied, AnInterfaceThatIsToStayIsDetached) {
  const auto snapshot = with_instance("shutting-down", false);
  const auto after = snapshot.with(mark_applied(snapshot, snapshot, "vpc-1", kNow));
  const auto* interface = after.find<NetworkInterface>("eni-i");
  ASSERT_NE(interface, nullptr);
  EXPECT_EQ(interface->instance, "");
  EXPECT_EQ(interface->attachment, "");
}

TEST(MarkApplied, AnInstanceTerminatedSinceDoesNotRun) {
  EXPECT_TRUE(mark_applied(with_instance("pending"), with_instance("shutting-down"), "vpc-1", kNow).empty());
}

TEST(Purge, TerminatedInstancesGoAfterAnHourAndOthersStay) {
  Change change;
  const auto ended = kNow.time_since_epoch().count();
  change.put(Instance{.id = "i-1", .state = "terminated", .terminated = ended});
  change.put(Instance{.id = "i-2", .state = "running"});
  change.put(Tags{.id = "i-1", .tags = {{"a", "b"}}});
  const auto snapshot = Snapshot().with(change);
  EXPECT_TRUE(purge(snapshot, kNow + std::chrono::minutes(59)).empty());
  const auto after = snapshot.with(purge(snapshot, kNow + kTerminatedShown));
  EXPECT_EQ(after.find<Instance>("i-1"), nullptr);
  EXPECT_EQ(after.find<Tags>("i-1"), nullptr);
  EXPECT_NE(after.find<Instance>("i-2"), nullptr);
}

Snapshot with_target(TimeMs deregistered) {
  Change change;
  change.put(Vpc{.id = "vpc-1", .number = 1});
  TargetGroup group;
  group.id = "tg-1";
  group.vpc = "vpc-1";
  group.attributes = {{"deregistration_delay.timeout_seconds", "20"}};
  change.put(group);
  change.put(Listener{.id = "l-1", .load_balancer = "lb-1", .target_group = "tg-1"});
  Target target;
  target.id = "tg-1|10.0.0.9:80";
  target.group = "tg-1";
  target.target = "10.0.0.9";
  target.reason = "Elb.RegistrationInProgress";
  target.deregistered = deregistered;
  change.put(target);
  return Snapshot().with(change);
}

TEST(Purge, ATargetGoesWhenItHasDrained) {
  const auto snapshot = with_target(kNow.time_since_epoch().count());
  EXPECT_TRUE(purge(snapshot, kNow + std::chrono::milliseconds(19'999)).empty());
  EXPECT_EQ(snapshot.with(purge(snapshot, kNow + std::chrono::seconds(20))).table<Target>().size(), 0U);
  EXPECT_TRUE(purge(with_target(0), kNow + std::chrono::hours(100)).empty());
}

TEST(Purge, ATargetThatNothingUsesNeedNotDrain) {
  const auto snapshot = with_target(kNow.time_since_epoch().count());
  Change change;
  change.erase(*snapshot.find<Listener>("l-1"));
  EXPECT_FALSE(purge(snapshot.with(change), kNow).empty());
}

TEST(MarkApplied, TheChecksOfATargetBeginOnceItsPlanIsApplied) {
  const auto snapshot = with_target(0);
  const auto after = snapshot.with(mark_applied(snapshot, snapshot, "vpc-1", kNow));
  EXPECT_EQ(after.table<Target>().all().at(0)->reason, "Elb.InitialHealthChecking");
  EXPECT_TRUE(mark_applied(after, after, "vpc-1", kNow).empty());
  EXPECT_TRUE(mark_applied(Snapshot(), snapshot, "vpc-1", kNow).empty());
}

TEST(MarkApplied, ATargetFoundHealthySinceStaysSo) {
  const auto applied = with_target(0);
  auto target = *applied.table<Target>().all().at(0);
  target.health = "healthy";
  target.reason.clear();
  Change change;
  change.put(target);
  EXPECT_TRUE(mark_applied(applied, applied.with(change), "vpc-1", kNow).empty());
}

TEST(Purge, ClientTokensGoAfterADay) {
  Change change;
  change.put(ClientToken{.id = "1/CreateVpcEndpoint/t", .created = kNow.time_since_epoch().count()});
  const auto snapshot = Snapshot().with(change);
  EXPECT_TRUE(purge(snapshot, kNow + std::chrono::hours(23)).empty());
  EXPECT_EQ(snapshot.with(purge(snapshot, kNow + kClientTokenKept)).table<ClientToken>().size(), 0U);
}

}  // namespace
}  // namespace ginnel::model
