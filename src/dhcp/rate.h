// A bucket of tokens: so many a second, and so many at once. One thread; the caller has the clock.
#pragma once

#include <algorithm>
#include <chrono>

namespace ginnel::dhcp {

class Rate {
 public:
  using Time = std::chrono::steady_clock::time_point;

  Rate(double per_second, double burst) : per_second_(per_second), burst_(burst), tokens_(burst) {}

  // Whether one more is within the rate; then it counts.
  bool take(Time now) {
    const std::chrono::duration<double> passed = now - last_;
    tokens_ = std::min(burst_, tokens_ + std::max(0.0, passed.count()) * per_second_);
    last_ = now;
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
  }

 private:
  double per_second_, burst_, tokens_;
  Time last_{};
};

}  // namespace ginnel::dhcp
