// What an action sees and gives.
//
// An action is a pure function of (Call, Request). It reads the snapshot, and time and randomness only through the
// Call; it changes nothing itself. That is why DryRun, ClientToken and retries on a newer snapshot live in one place,
// the dispatcher. Its type says what it is:
//   aws::ApiResult<Response> describe_x(const Call&, const Request&);  // reads, runs on any thread
//   ActionResult<Response> create_x(const Call&, const Request&);      // changes, runs in the committer's thread
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
  // The same call on a later snapshot, to describe what a change makes. `later` must outlive it.
  [[nodiscard]] Call on(const model::Snapshot& later) const {
    return {later, region, account, access_key, now, random};
  }
};

template <typename Response>
struct Done {
  Response response;
  model::Change change;
};

template <typename Response>
using ActionResult = aws::ApiResult<Done<Response>>;

}  // namespace ginnel::api
