// From an HTTP request to an answer of the API: signature, parameters, action, answer.
//
// Reading actions run at once on the caller's thread, on the snapshot of the moment. Mutating ones are given to the
// committer, and answered when their change is durable. No request without a valid signature reaches an action.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "api/dispatch.h"
#include "aws/sigv4_verifier.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "daemon/committer.h"
#include "http/message.h"
#include "http/responder.h"
#include "model/region.h"

namespace ginnel::daemon {

// All references must outlive the handler and the committer's last callback. Safe from any thread.
class ApiHandler {
 public:
  ApiHandler(const model::Region& region, const api::Dispatcher& dispatcher, Committer& committer, const Clock& clock,
             RandomSource& random, Log& log);
  ApiHandler(const ApiHandler&) = delete;
  ApiHandler& operator=(const ApiHandler&) = delete;

  void handle(http::Request request, http::Responder responder);

 private:
  struct Verified;
  [[nodiscard]] std::optional<aws::Credential> find_credential(std::string_view access_key) const;
  [[nodiscard]] aws::ApiResult<Verified> verify(const aws::RequestView& view) const;
  [[nodiscard]] aws::ApiResult<api::Outcome> run(const Verified& verified, const model::Snapshot& snapshot) const;
  void submit(std::shared_ptr<const Verified> verified, std::shared_ptr<http::Responder> responder,
              const std::string& request_id);

  const model::Region& region_;
  const api::Dispatcher& dispatcher_;
  Committer& committer_;
  const Clock& clock_;
  RandomSource& random_;
  Log& log_;
  aws::SigV4Verifier verifier_;
};

}  // namespace ginnel::daemon
