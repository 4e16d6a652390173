#include "model/health.h"

#include <gtest/gtest.h>

namespace ginnel::model {
namespace {

const WallTime kNow{std::chrono::milliseconds(1000)};

Snapshot with_target(const std::string& health) {
  Change change;
  change.put(Target{.id = "tg|10.0.0.1:80", .group = "tg", .target = "10.0.0.1", .port = 80, .health = health});
  return Snapshot().with(change);
}

const Target& only_target(const Change& change) { return std::get<Target>(change.puts.at(0)); }

TEST(HealthChanged, AnUnhealthyTargetKeepsTheReason) {
  const auto change =
      health_changed(with_target("healthy"), {{"tg|10.0.0.1:80", false, "Target.Timeout", "Request timed out"}}, kNow);
  ASSERT_EQ(change.puts.size(), 1U);
  EXPECT_EQ(only_target(change).health, "unhealthy");
  EXPECT_EQ(only_target(change).reason, "Target.Timeout");
  EXPECT_EQ(only_target(change).description, "Request timed out");
  EXPECT_EQ(only_target(change).health_changed, 1000);
  EXPECT_EQ(only_target(change).target, "10.0.0.1");
}

TEST(HealthChanged, AHealthyTargetHasNoReason) {
  const auto change = health_changed(with_target("initial"), {{"tg|10.0.0.1:80", true, "x", "y"}}, kNow);
  ASSERT_EQ(change.puts.size(), 1U);
  EXPECT_EQ(only_target(change).health, "healthy");
  EXPECT_EQ(only_target(change).reason, "");
  EXPECT_EQ(only_target(change).description, "");
}

TEST(HealthChanged, NothingIsSaidOfATargetThatIsGoneOrHasThatHealthAlready) {
  EXPECT_TRUE(health_changed(Snapshot(), {{"tg|10.0.0.1:80", true, "", ""}}, kNow).empty());
  EXPECT_TRUE(health_changed(with_target("healthy"), {{"tg|10.0.0.1:80", true, "", ""}}, kNow).empty());
}

TEST(HealthChanged, TheLastOfSeveralFindingsCounts) {
  const auto snapshot = with_target("healthy");
  const std::vector<HealthFinding> back = {{"tg|10.0.0.1:80", false, "r", "d"}, {"tg|10.0.0.1:80", true, "", ""}};
  EXPECT_TRUE(health_changed(snapshot, back, kNow).empty());
}

}  // namespace
}  // namespace ginnel::model
