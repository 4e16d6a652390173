#include "health/judge.h"

namespace ginnel::health {

Judge::Health Judge::parse(std::string_view health) {
  if (health == "healthy") return Health::healthy;
  if (health == "unhealthy") return Health::unhealthy;
  return Health::initial;
}

bool Judge::note(const Outcome& outcome, uint32_t healthy_threshold, uint32_t unhealthy_threshold) {
  in_a_row_ = outcome.good == last_good_ ? in_a_row_ + 1 : 1;
  last_good_ = outcome.good;
  const Health next = outcome.good ? Health::healthy : Health::unhealthy;
  if (next == health_ || in_a_row_ < (outcome.good ? healthy_threshold : unhealthy_threshold)) return false;
  health_ = next;
  return true;
}

}  // namespace ginnel::health
