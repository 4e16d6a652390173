#include "dataplane/rule_ranges.h"

#include <fmt/format.h>

#include <iterator>

namespace ginnel::dataplane {

Result<uint32_t> RuleRanges::allocate(uint32_t count, Time now) {
  if (count == 0) return 0U;
  wake(now);
  for (auto range = free_.begin(); range != free_.end(); ++range) {
    if (range->second < count) continue;
    const auto [start, length] = *range;
    free_.erase(range);
    if (length > count) free_.emplace(start + count, length - count);
    return start;
  }
  return fail("find place for", fmt::format("{} rules", count),
              fmt::format("the map of {} rules is full or too fragmented", capacity_));
}

bool RuleRanges::claim(uint32_t start, uint32_t count) {
  if (count == 0) return true;
  auto range = free_.upper_bound(start);
  if (range == free_.begin()) return false;
  --range;
  const auto [free_start, length] = *range;
  if (uint64_t{start} + count > uint64_t{free_start} + length) return false;
  free_.erase(range);
  if (start > free_start) free_.emplace(free_start, start - free_start);
  if (const uint32_t end = start + count; end < free_start + length) free_.emplace(end, free_start + length - end);
  return true;
}

void RuleRanges::release(uint32_t start, uint32_t count, Time now) {
  if (count != 0) resting_.push_back({start, count, now});
}

void RuleRanges::wake(Time now) {
  while (!resting_.empty() && now - resting_.front().since >= kRest) {
    put_back(resting_.front().start, resting_.front().count);
    resting_.pop_front();
  }
}

void RuleRanges::put_back(uint32_t start, uint32_t count) {
  auto range = free_.emplace(start, count).first;
  if (auto after = std::next(range); after != free_.end() && range->first + range->second == after->first) {
    range->second += after->second;
    free_.erase(after);
  }
  if (range == free_.begin()) return;
  if (auto before = std::prev(range); before->first + before->second == range->first) {
    before->second += range->second;
    free_.erase(range);
  }
}

uint32_t RuleRanges::in_use() const {
  uint32_t out = capacity_;
  for (const auto& [start, length] : free_) out -= length;
  return out;
}

}  // namespace ginnel::dataplane
