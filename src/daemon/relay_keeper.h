// Keeps one relay running with the services of the configuration.
#pragma once

#include <boost/json.hpp>
#include <memory>
#include <mutex>
#include <vector>

#include "base/log.h"
#include "planner/plan.h"
#include "relay/client.h"

namespace ginnel::daemon {

// Safe from any thread.
class RelayKeeper {
 public:
  // Adopts or starts the relay and tells it its services. The log must outlive the keeper.
  static Result<std::unique_ptr<RelayKeeper>> open(relay::Launch launch, std::vector<plan::RelayService> services,
                                                   const IpAddress& system_address, Log& log);

  // Starts the relay anew where it does not answer, for it was killed; its connections are lost. To be called every
  // few seconds.
  void check();
  // For `ginnel status`.
  [[nodiscard]] boost::json::object status();
  // Ends the relay; check() then leaves it ended.
  Status stop();

 private:
  RelayKeeper(relay::Launch launch, std::vector<plan::RelayService> services, const IpAddress& system_address,
              relay::Client client, Log& log);

  const relay::Launch launch_;
  const std::vector<plan::RelayService> services_;
  const IpAddress system_address_;
  Log& log_;
  std::mutex mutex_;  // guards the rest: a client is for one thread at a time
  relay::Client client_;
  bool stopped_ = false;
};

}  // namespace ginnel::daemon
