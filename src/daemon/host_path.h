// Everything below the plan on this host: the data plane, the resolver and the relay; or none of it in API-only mode.
#pragma once

#include <boost/json.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "config/config.h"
#include "daemon/applier.h"
#include "daemon/metrics.h"
#include "daemon/state_dir.h"
#include "dns/recursion.h"
#include "health/prober.h"
#include "model/resources.h"
#include "planner/plan.h"

namespace ginnel::daemon {

class HostPath : public PlanSink {
 public:
  // For `ginnel status`; from any thread.
  [[nodiscard]] virtual boost::json::object status() const = 0;
  [[nodiscard]] virtual boost::json::object drops() const = 0;
  // For the metrics; from any thread. Reads the whole flow table.
  [[nodiscard]] virtual Result<PathReading> reading() const = 0;
  // Whether what is to carry the interface is there and free, with the inode of its namespace filled in where it must
  // be that one. From any thread, as problem().
  virtual Result<model::PortAttachment> check_place(const model::PortAttachment& port) const = 0;
  // Why ports that are planned do not stand, by interface id.
  [[nodiscard]] virtual std::map<std::string, std::string> problems() const = 0;
  // Takes away the kernel's part and the relay. Last call.
  virtual Status teardown() = 0;
};

// What the real path needs; all references must outlive it.
struct HostPathOptions {
  const StateDir& state;
  const config::Config& config;
  const plan::HostPlan& host;
  const std::vector<plan::RelayService>& relayed;
  health::Prober& prober;  // told of each plan whose path stands; not used any more by teardown()
  std::string executable;  // the relay is started from it
};

// Of the upstream resolvers that the configuration names.
dns::Recursion::Options recursion_options(const config::Config& config);

// Loads or adopts programs, maps and ports, starts the resolver, starts or adopts the relay. Needs root.
Result<std::unique_ptr<HostPath>> open_host_path(const HostPathOptions& options, Log& log);

// API-only mode: every plan counts as applied.
std::unique_ptr<HostPath> no_host_path();

}  // namespace ginnel::daemon
