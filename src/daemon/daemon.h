// The daemon's parts and how they hang together: all wiring is here.
//
// The order of the members is the order in which they start; they stop in the opposite order, so that nothing outlives
// what it refers to.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "api/dispatch.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "daemon/api_handler.h"
#include "daemon/applier.h"
#include "daemon/catalogue.h"
#include "daemon/committer.h"
#include "daemon/control.h"
#include "daemon/domain_verifier.h"
#include "daemon/host_path.h"
#include "daemon/outbox.h"
#include "daemon/periodic.h"
#include "daemon/serve.h"
#include "daemon/state_dir.h"
#include "health/prober.h"
#include "http/server.h"
#include "store/store.h"
#include "tls/authority.h"

namespace ginnel::daemon {

class Daemon {
 public:
  // `ask_to_stop` is called, from any thread, when the operator wants the daemon to end. Options and log must outlive
  // the daemon.
  static Result<std::unique_ptr<Daemon>> start(const ServeOptions& options, Log& log,
                                               std::function<void()> ask_to_stop);
  ~Daemon();

  // Takes away the kernel's part and the relay where the operator asked for it; after this only destruction is legal.
  Status stop();

 private:
  Daemon(const ServeOptions& options, Log& log, std::function<void()> ask_to_stop);

  void halt();
  Status open_state();
  Status make_first_account();
  // All certificates, made anew where they no longer serve; the one of the daemon's own listeners is returned.
  Result<tls::Certificate> ensure_certificates();
  void renew_certificates();
  Status open_path();
  Status open_prober();
  Status open_followers();
  void published(const model::SnapshotPtr& snapshot, const std::vector<std::string>& touched);
  Status open_listeners();
  Status open_metrics();
  [[nodiscard]] boost::json::object status() const;
  [[nodiscard]] boost::json::object drops() const;
  [[nodiscard]] http::Response metrics(const http::Request& request) const;

  const ServeOptions& options_;
  Log& log_;
  const std::function<void()> ask_to_stop_;
  std::atomic<bool> teardown_wanted_ = false;
  std::atomic<bool> ready_ = false;

  SystemClock clock_;
  SystemRandom random_;
  StateDir state_;
  Catalogue catalogue_;
  plan::HostPlan host_;
  std::unique_ptr<tls::Authority> authority_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<HostPath> path_;
  // These follow what the committer publishes, so they are there before it; their threads end before it goes.
  std::unique_ptr<Applier> applier_;
  std::unique_ptr<Outbox> outbox_;
  std::unique_ptr<DomainVerifier> verifier_;
  std::unique_ptr<Committer> committer_;
  std::unique_ptr<health::Prober> prober_;  // not without a data plane
  api::Dispatcher dispatcher_;
  std::unique_ptr<ApiHandler> api_;
  std::unique_ptr<PortControl> ports_;
  std::unique_ptr<Control> control_;
  std::unique_ptr<http::Server> control_server_, api_server_, metrics_server_;
  std::unique_ptr<Periodic> renewal_;
};

}  // namespace ginnel::daemon
