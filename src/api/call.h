// What an action sees and gives.
//
// An action is a pure function: (Call, Request) to (Response, Change) or an ApiError. It reads the snapshot, and time
// and randomness only through the Call; it changes nothing itself. That is why DryRun, ClientToken and retries on a
// newer snapshot live in one place, the dispatcher. A reading action leaves the Change empty.
#pragma once

#include "aws/error.h"
#include "base/clock.h"
#include "base/random.h"
#include "model/region.h"
#include "model/snapshot.h"

namespace ginnel::api {

struct Call {
  const model::Snapshot& snapshot;
  const model::Region& region;
  std::string account;     // of the caller: twelve digits
  std::string access_key;  // that signed the call
  WallTime now;
  RandomSource& random;

  [[nodiscard]] model::TimeMs now_ms() const { return now.time_since_epoch().count(); }
};

template <typename Response>
struct Done {
  Response response;
  model::Change change;
};

template <typename Response>
using ActionResult = aws::ApiResult<Done<Response>>;

}  // namespace ginnel::api
