#include "health/judge.h"

#include <gtest/gtest.h>

#include <map>

#include "health/matcher.h"
#include "health/schedule.h"

namespace ginnel::health {
namespace {

const Outcome kGood{true, "", ""}, kBad = failed_checks();

TEST(Judge, AnInitialTargetBecomesHealthyAfterSoManyGoodChecksInARow) {
  Judge judge(Judge::Health::initial);
  EXPECT_FALSE(judge.note(kGood, 3, 2));
  EXPECT_FALSE(judge.note(kGood, 3, 2));
  EXPECT_FALSE(judge.note(kBad, 3, 2));
  EXPECT_FALSE(judge.note(kGood, 3, 2));
  EXPECT_FALSE(judge.note(kGood, 3, 2));
  EXPECT_TRUE(judge.note(kGood, 3, 2));
  EXPECT_EQ(judge.health(), Judge::Health::healthy);
}

TEST(Judge, OnlyATransitionIsOne) {
  Judge judge(Judge::Health::healthy);
  EXPECT_FALSE(judge.note(kGood, 1, 2));
  EXPECT_FALSE(judge.note(kBad, 1, 2));
  EXPECT_TRUE(judge.note(kBad, 1, 2));
  EXPECT_FALSE(judge.note(kBad, 1, 2));
  EXPECT_TRUE(judge.note(kGood, 1, 2));
}

TEST(Judge, AThresholdThatSinksCountsWhatWasSeenBefore) {
  Judge judge(Judge::Health::healthy);
  for (int n = 0; n < 4; ++n) EXPECT_FALSE(judge.note(kBad, 5, 10));
  EXPECT_TRUE(judge.note(kBad, 5, 5));
}

TEST(Judge, StartingOverForgetsTheRow) {
  Judge judge(Judge::Health::healthy);
  EXPECT_FALSE(judge.note(kBad, 2, 2));
  judge.start_over();
  EXPECT_FALSE(judge.note(kBad, 2, 2));
  EXPECT_TRUE(judge.note(kBad, 2, 2));
}

TEST(Matcher, TakesNumbersAndRanges) {
  const auto matcher = Matcher::parse("200-299,301");
  ASSERT_TRUE(matcher) << matcher.error().text();
  for (const int status : {200, 250, 299, 301}) EXPECT_TRUE(matcher->matches(status)) << status;
  for (const int status : {199, 300, 302, 503}) EXPECT_FALSE(matcher->matches(status)) << status;
}

TEST(Matcher, RefusesWhatIsNoStatus) {
  for (const auto* text : {"", "2xx", "200,", ",200", "200-", "-200", "300-200", "99", "600", "200 ", "200-250-300"}) {
    EXPECT_FALSE(Matcher::parse(text)) << text;
  }
}

TEST(Schedule, TheNextMomentIsWithinTheIntervalAndKeepsItsPhase) {
  const auto interval = std::chrono::seconds(10);
  Steady::time_point now{std::chrono::hours(1000)};
  const auto first = next_moment(now, interval, 12'345'678'901);
  EXPECT_GT(first, now);
  EXPECT_LE(first, now + interval);
  EXPECT_EQ(next_moment(first, interval, 12'345'678'901), first + interval);
  EXPECT_EQ(next_moment(first - std::chrono::nanoseconds(1), interval, 12'345'678'901), first);
}

TEST(Schedule, ManyTargetsAreSpreadEvenly) {
  std::map<int64_t, int> per_second;
  const Steady::time_point now{std::chrono::hours(1000)};
  for (int n = 0; n < 10'000; ++n) {
    const auto at =
        next_moment(now, std::chrono::seconds(10), phase_of("arn:targetgroup/t/0|10.0.0.1:" + std::to_string(n)));
    ++per_second[std::chrono::floor<std::chrono::seconds>(at - now).count() % 10];
  }
  ASSERT_EQ(per_second.size(), 10U);
  for (const auto& [second, count] : per_second) {
    EXPECT_GT(count, 850) << second;
    EXPECT_LT(count, 1150) << second;
  }
}

TEST(Schedule, FirstChecksHaveAGapBetweenThem) {
  Queue queue(std::chrono::milliseconds(2));
  const Steady::time_point now{std::chrono::hours(1)};
  EXPECT_EQ(queue.take(now), now);
  EXPECT_EQ(queue.take(now), now + std::chrono::milliseconds(2));
  EXPECT_EQ(queue.take(now), now + std::chrono::milliseconds(4));
  EXPECT_EQ(queue.take(now + std::chrono::seconds(1)), now + std::chrono::seconds(1));
}

}  // namespace
}  // namespace ginnel::health
