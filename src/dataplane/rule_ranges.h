// Places in the array of rules: contiguous ranges, given out and taken back.
//
// A packet may be reading a range while its policy is replaced, so a freed range rests before it is used again. One
// thread. Time is passed in.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>

#include "base/result.h"

namespace ginnel::dataplane {

class RuleRanges {
 public:
  using Time = std::chrono::nanoseconds;  // of any clock that does not go back
  // A program that began with the old policy has long ended after this.
  static constexpr Time kRest = std::chrono::seconds(1);

  explicit RuleRanges(uint32_t capacity) : capacity_(capacity), free_{{0, capacity}} {}

  // The start of `count` free places. No rules need no place: 0.
  Result<uint32_t> allocate(uint32_t count, Time now);
  // Takes what a program that was adopted already uses. False if it is not free or out of bounds.
  [[nodiscard]] bool claim(uint32_t start, uint32_t count);
  void release(uint32_t start, uint32_t count, Time now);
  [[nodiscard]] uint32_t in_use() const;  // resting ranges included

 private:
  struct Resting {
    uint32_t start, count;
    Time since;
  };
  void put_back(uint32_t start, uint32_t count);
  void wake(Time now);

  uint32_t capacity_;
  std::map<uint32_t, uint32_t> free_;  // start → length; neighbours are always merged
  std::deque<Resting> resting_;
};

}  // namespace ginnel::dataplane
