// Dispatcher: from a verified request to what it comes to.
//
// The caller of handle() has verified the signature and knows the service from its credential scope. For an action
// that mutates(), it runs handle() in the committer's thread and commits the outcome's change; others run on any
// thread with the current snapshot. handle() may be called again with a newer snapshot: it keeps nothing.
// Threads: const and without state after construction; safe from any.
#pragma once

#include <string_view>

#include "api/action_table.h"
#include "api/call.h"
#include "aws/query.h"

namespace ginnel::api {

class Dispatcher {
 public:
  Dispatcher();

  // Services by the name in the credential scope: "ec2", "elasticloadbalancing", "sts". False for unknown actions,
  // whose error handle() gives.
  [[nodiscard]] bool mutates(std::string_view service, std::string_view action) const;
  [[nodiscard]] aws::ApiResult<Outcome> handle(std::string_view service, const aws::Query& query,
                                               const Call& call) const;

 private:
  ActionTable ec2_, elbv2_, sts_;

  [[nodiscard]] const ActionTable* table(std::string_view service) const;
};

}  // namespace ginnel::api
