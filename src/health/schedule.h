// When targets are checked: each at a moment of its own within its interval, first checks with a gap between them.
// Plain values of one thread. Internal to this module.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string_view>

namespace ginnel::health {

using Steady = std::chrono::steady_clock;

// Where a target's moment lies, the same at every start: FNV-1a of its id, mixed so that ids that differ in their last
// digit lie far apart (the finalizer of MurmurHash3).
[[nodiscard]] inline uint64_t phase_of(std::string_view target) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : target) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  hash = (hash ^ hash >> 33) * 0xff51afd7ed558ccd;
  hash = (hash ^ hash >> 33) * 0xc4ceb9fe1a85ec53;
  return hash ^ hash >> 33;
}

// The target's next moment after `now`.
[[nodiscard]] inline Steady::time_point next_moment(Steady::time_point now, Steady::duration interval, uint64_t phase) {
  const auto period = static_cast<uint64_t>(std::max<Steady::rep>(interval.count(), 1));
  const auto at = static_cast<uint64_t>(now.time_since_epoch().count());
  const uint64_t offset = (phase % period + period - at % period) % period;
  return now + Steady::duration(static_cast<Steady::rep>(offset == 0 ? period : offset));
}

// Gives out moments that are at least a gap apart.
class Queue {
 public:
  explicit Queue(Steady::duration gap) : gap_(gap) {}
  Steady::time_point take(Steady::time_point now) {
    next_ = std::max(next_ + gap_, now);
    return next_;
  }

 private:
  Steady::duration gap_;
  Steady::time_point next_{};
};

}  // namespace ginnel::health
