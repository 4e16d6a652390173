#include "dataplane/rule_ranges.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <vector>

namespace ginnel::dataplane {
namespace {

using std::chrono::milliseconds;

TEST(RuleRanges, AFreedRangeRestsBeforeItIsUsedAgain) {
  RuleRanges ranges(10);
  EXPECT_EQ(ranges.allocate(6, milliseconds(0)).value(), 0U);
  ranges.release(0, 6, milliseconds(100));
  EXPECT_FALSE(ranges.allocate(6, milliseconds(1099)));
  EXPECT_EQ(ranges.allocate(6, milliseconds(1100)).value(), 0U);
}

TEST(RuleRanges, NeighboursAreMerged) {
  RuleRanges ranges(9);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(ranges.allocate(3, milliseconds(0)));
  for (const uint32_t start : {0U, 6U, 3U}) ranges.release(start, 3, milliseconds(0));
  EXPECT_EQ(ranges.allocate(9, milliseconds(1000)).value(), 0U);
}

TEST(RuleRanges, AFullMapIsAnErrorThatNamesItsSize) {
  RuleRanges ranges(4);
  const auto refused = ranges.allocate(5, milliseconds(0));
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().text().find("the map of 4 rules is full"), std::string::npos) << refused.error().text();
}

TEST(RuleRanges, WhatIsClaimedIsNotGivenOut) {
  RuleRanges ranges(10);
  EXPECT_TRUE(ranges.claim(2, 3));
  EXPECT_FALSE(ranges.claim(4, 2));
  EXPECT_FALSE(ranges.claim(9, 2));
  EXPECT_EQ(ranges.allocate(5, milliseconds(0)).value(), 5U);
  EXPECT_EQ(ranges.allocate(2, milliseconds(0)).value(), 0U);
  EXPECT_FALSE(ranges.allocate(1, milliseconds(0)));
}

TEST(RuleRanges, RangesInUseNeverOverlapAndNothingIsLost) {
  EXPECT_TRUE(rc::check("allocate and release", [] {
    constexpr uint32_t kCapacity = 64;
    RuleRanges ranges(kCapacity);
    std::vector<std::pair<uint32_t, uint32_t>> held;
    RuleRanges::Time now{};
    const auto steps = *rc::gen::container<std::vector<uint8_t>>(rc::gen::arbitrary<uint8_t>());
    for (const uint8_t step : steps) {
      now += milliseconds(300);
      const uint32_t count = step % 9;
      if ((step & 0x80) != 0 && !held.empty()) {
        const auto range = held[count % held.size()];
        held.erase(held.begin() + count % held.size());
        ranges.release(range.first, range.second, now);
      } else if (const auto start = ranges.allocate(count, now); start && count > 0) {
        held.emplace_back(*start, count);
      }
    }
    std::vector<int> owner(kCapacity, 0);
    for (const auto& [start, count] : held) {
      for (uint32_t i = start; i < start + count; ++i) RC_ASSERT(++owner.at(i) == 1);
    }
    for (const auto& [start, count] : held) ranges.release(start, count, now);
    RC_ASSERT(*ranges.allocate(kCapacity, now + RuleRanges::kRest) == 0U);
  }));
}

}  // namespace
}  // namespace ginnel::dataplane
