// The outbox: what the region has to tell to webhooks, from the table of OutboxMessages to the notifier and back.
//
// A message is a row that is made in the same Change as what it tells of; the notifier takes it from the snapshot, and
// the row is deleted by a Change of its own once it is delivered or given up. The signing certificate is one of the
// region's CA (STATE/certs/_notifications.crt); the API's listeners serve it without a signature.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "config/config.h"
#include "daemon/committer.h"
#include "http/message.h"
#include "notify/notifier.h"
#include "tls/authority.h"

namespace ginnel::daemon {

class Outbox {
 public:
  // What it needs; all must outlive it.
  struct Parts {
    const config::Config& config;
    const tls::Authority& authority;
    const std::string certificates;  // the folder
    const Clock& clock;
    RandomSource& random;
    Log& log;
  };

  explicit Outbox(Parts parts);
  ~Outbox();

  // What was left from before is delivered too. The committer must live until stop() has returned.
  Status start(Committer& committer);
  void stop();
  // From the committer's OnPublish; cheap where no message came or went. Legal at any time.
  void published(const model::SnapshotPtr& snapshot);
  // Makes a new signing certificate where the present one ends soon; that one is served until the daemon ends.
  Status renew();

  // The answer where the request asks for a signing certificate. From any thread.
  [[nodiscard]] std::optional<http::Response> certificate(const http::Request& request) const;

 private:
  Result<tls::Signer> make_signer();
  std::vector<notify::Message> waiting() const;
  void remove(const std::string& id);

  const Parts parts_;
  const std::string host_;  // "sns.REGION.SUFFIX"
  Committer* committer_ = nullptr;
  model::Table<model::OutboxMessage> last_seen_;  // of the committer's thread
  mutable std::mutex mutex_;                      // of what follows
  std::map<std::string, std::string> served_;     // PEM by path
  std::unique_ptr<notify::Notifier> notifier_;
};

// The name that signing certificates are fetched from, as SNS's are.
[[nodiscard]] std::string notification_host(const config::Config& config);

}  // namespace ginnel::daemon
