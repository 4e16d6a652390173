#include "maglev/maglev.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <random>

namespace ginnel::maglev {
namespace {

std::vector<Number> numbers(uint32_t count) {
  std::vector<Number> out(count);
  std::iota(out.begin(), out.end(), 1);
  return out;
}

std::map<Number, uint32_t> shares(const std::vector<Number>& entries) {
  std::map<Number, uint32_t> out;
  for (const auto number : entries) ++out[number];
  return out;
}

size_t differences(const std::vector<Number>& a, const std::vector<Number>& b) {
  size_t count = 0;
  for (size_t i = 0; i < a.size(); ++i) count += a[i] != b[i];
  return count;
}

TEST(Maglev, HasNoEntryWithoutTargets) { EXPECT_TRUE(table({}, kTableSize).empty()); }

TEST(Maglev, OneTargetHasAll) { EXPECT_EQ(shares(table({7}, 251)), (std::map<Number, uint32_t>{{7, 251}})); }

TEST(Maglev, FillsTheTableToTheLastPlace) {
  for (const uint32_t size : {251U, 4099U}) {
    for (uint32_t count = 1; count <= size; count = count * 3 + 1) {
      const auto entries = table(numbers(count), size);
      ASSERT_EQ(entries.size(), size);
      EXPECT_EQ(shares(entries).size(), count) << "every target has a place";
      EXPECT_EQ(std::count(entries.begin(), entries.end(), 0U), 0);
    }
  }
}

TEST(Maglev, DependsOnTheSetAlone) {
  auto targets = numbers(100);
  const auto entries = table(targets, 4099);
  std::shuffle(targets.begin(), targets.end(), std::mt19937(7));
  EXPECT_EQ(table(targets, 4099), entries);
}

// Section 3.4: one place a round, so shares differ by one at most.
TEST(Maglev, SharesDifferByOneAtMost) {
  const auto counts = shares(table(numbers(100), kTableSize));
  for (const auto& [number, count] : counts) EXPECT_TRUE(count == 655 || count == 656) << number << ": " << count;
}

// The paper's figure 12: what moves beyond the necessary 1/N is a few percent where the table is large.
TEST(Maglev, OneOfAHundredMovesLittleMoreThanItsShare) {
  const auto before = table(numbers(100), kTableSize);
  size_t most = 0, sum = 0;
  for (Number gone = 1; gone <= 100; ++gone) {
    auto targets = numbers(100);
    targets.erase(targets.begin() + gone - 1);
    const auto after = table(targets, kTableSize);
    const size_t moved = differences(before, after);
    EXPECT_GE(moved, kTableSize / 100);
    most = std::max(most, moved);
    sum += moved;
  }
  RecordProperty("moved_percent_mean", std::to_string(static_cast<double>(sum) / kTableSize));
  EXPECT_LT(most, kTableSize * 3 / 100) << "less than 3 % move where 1 % must";
}

}  // namespace
}  // namespace ginnel::maglev
