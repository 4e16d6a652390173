// Time, passed in, so that tests can hold it still.
#pragma once

#include <chrono>
#include <string>

namespace ginnel {

using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;

// Implementations are safe to call from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual WallTime now() const = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] WallTime now() const override;
};

// For tests: stands still until it is set.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(WallTime start) : now_(start) {}
  [[nodiscard]] WallTime now() const override { return now_; }
  void set(WallTime now) { now_ = now; }
  void advance(std::chrono::milliseconds by) { now_ += by; }

 private:
  WallTime now_;
};

// "2026-01-31T12:00:00.000Z", the form of times in EC2 answers and logs.
[[nodiscard]] std::string to_iso8601(WallTime time);

}  // namespace ginnel
