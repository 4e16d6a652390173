// Finds out which targets are healthy: connects to each of them, over and over, and tells of what changed.
//
// One thread of its own. Checks of one target follow its Probe: every interval, a time-out each, and so many in a row
// that change its health (ELBv2 API, target group's health check settings). Each target has its own moment within the
// interval, made from its id, so that checks are spread evenly whatever the number of targets and whenever the daemon
// started. A target that is "initial" is checked quickly, kInitialPause apart, until its health is known, so that a new
// one serves within seconds; at most kStartsPerSecond of them begin in a second.
//
// Checks that fail for want of something on this host (descriptors, ports) are not counted: they are logged, and made
// again a second later.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "planner/plan.h"

namespace ginnel::health {

struct Finding {
  std::string target;  // id of the model's Target
  bool healthy = false;
  // Of an unhealthy one: "Target.Timeout", "Target.FailedHealthChecks", "Target.ResponseCodeMismatch", and the API's
  // text.
  std::string reason, description;
};

inline constexpr std::chrono::milliseconds kInitialPause{500};  // between the checks of an initial target
inline constexpr unsigned kStartsPerSecond = 500;               // first checks of initial targets
inline constexpr std::chrono::milliseconds kDrain{1000};        // for the rest of an HTTP answer after its status

class Prober {
 public:
  struct Options {
    IpAddress source;                        // what checks are bound to; "::" leaves it to the kernel
    std::chrono::milliseconds second{1000};  // how long a second of the Probes and of the constants above lasts
  };
  // Called by the prober's thread with everything that changed in one turn of it.
  using OnChange = std::function<void(std::vector<Finding>)>;

  // The log must outlive the prober.
  static Result<std::unique_ptr<Prober>> start(const Options& options, OnChange on_change, Log& log);
  // No callback runs any more when it returns.
  ~Prober();

  // From any thread; they return at once. The plan's probes take the place of those of its VPC: a target that stays
  // keeps its health and, where only thresholds change, what was counted. A target whose health in the plan is not
  // what was found is told of again.
  void set_vpc(const plan::VpcPlan& plan);
  void remove_vpc(plan::VpcNumber number);

  // CPU time that the thread has used; from any thread.
  [[nodiscard]] std::chrono::nanoseconds cpu_time() const;
  // Checks that have ended; from any thread.
  [[nodiscard]] uint64_t checks() const;

 private:
  class Worker;
  explicit Prober(std::unique_ptr<Worker> worker);
  std::unique_ptr<Worker> worker_;
};

}  // namespace ginnel::health
