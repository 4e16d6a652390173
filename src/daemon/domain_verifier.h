// Looks for the TXT records by which providers prove that a private DNS name is theirs.
//
// Where a verification is asked for (StartVpcEndpointServicePrivateDnsVerification) the records are looked up at once,
// and then again and again with growing pauses: TXT of TXT_NAME.DOMAIN and of DOMAIN itself, through the upstream
// resolvers and past every cache of our own. A record whose text is the service's value, exactly, makes the name
// `verified`; when `give_up` is over without one it has `failed`. The time begins anew when the daemon starts.
//
// One thread of its own, and those of the recursion.
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/log.h"
#include "daemon/committer.h"
#include "dns/recursion.h"
#include "model/verification.h"

namespace ginnel::daemon {

class DomainVerifier {
 public:
  struct Options {
    dns::Recursion::Options recursion;
    std::chrono::milliseconds first_pause{1000}, longest_pause{15'000}, give_up{60'000};
  };

  // The log must outlive the verifier. Nothing happens before start().
  DomainVerifier(Options options, Log& log);
  ~DomainVerifier();

  // The committer must live until stop() has returned.
  Status start(Committer& committer);
  void stop();
  // From the committer's OnPublish; cheap where no service changed. Legal at any time.
  void published(const model::SnapshotPtr& snapshot);

 private:
  using Steady = std::chrono::steady_clock;
  struct Look {
    model::WantedVerification wanted;
    Steady::time_point began, next;
    std::chrono::milliseconds pause;
    uint64_t round = 0;    // of questions; answers of an earlier one count no more
    unsigned awaited = 0;  // answers of this round
    bool found = false;
    bool settled = false;  // the result is on its way to the store
    bool over = false;     // and there
  };

  void loop();
  void follow(const model::Snapshot& snapshot);
  void ask(Look& look);
  void ask_one(const Look& look, const std::string& name);
  void answered(const std::string& id, uint64_t round, bool found);
  void judge(Look& look);
  void settle(Look& look);

  const Options options_;
  Log& log_;
  Committer* committer_ = nullptr;
  std::unique_ptr<dns::Recursion> recursion_;
  model::Table<model::EndpointService> last_seen_;  // of the committer's thread
  std::mutex mutex_;
  std::condition_variable wake_;
  std::map<std::string, Look> looks_;  // by the service's id; only the verifier's own thread adds and removes
  uint64_t last_round_ = 0;
  bool changed_ = true, stopping_ = false;
  std::thread thread_;
};

// What is to be owned: the private name, without the "*." of a wildcard.
[[nodiscard]] std::string verified_domain(const std::string& private_name);

}  // namespace ginnel::daemon
