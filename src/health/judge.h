// What a row of checks says about a target: it counts them against the thresholds. A plain value.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ginnel::health {

// Of one check.
struct Outcome {
  bool good = false;
  std::string reason, description;  // of a bad one; the API's codes and texts (TargetHealth)
};
[[nodiscard]] inline Outcome failed_checks() { return {false, "Target.FailedHealthChecks", "Health checks failed"}; }

class Judge {
 public:
  enum class Health { initial, healthy, unhealthy };
  static Health parse(std::string_view health);  // anything else than "healthy", "unhealthy" is initial

  explicit Judge(Health health) : health_(health) {}

  // Whether the outcome changed the target's health: so many good ones in a row, or so many bad ones.
  bool note(const Outcome& outcome, uint32_t healthy_threshold, uint32_t unhealthy_threshold);
  // What was counted counts no more; the health stays.
  void start_over() { in_a_row_ = 0; }
  [[nodiscard]] Health health() const { return health_; }

 private:
  Health health_;
  bool last_good_ = false;
  uint32_t in_a_row_ = 0;
};

}  // namespace ginnel::health
