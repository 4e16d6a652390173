// Accounts of the region and their keys. They are made by the operator, not through the public API.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "model/snapshot.h"

namespace ginnel::daemon {

// What the operator asks for; an empty member is chosen at random. A key id needs a secret and the other way round.
struct AccountRequest {
  std::string account_id;         // twelve digits
  std::string access_key_id;      // 16–128 of A-Z 0-9
  std::string secret_access_key;  // 1–128 printable characters without spaces
};

// A new account with one key, or, where the account exists, the account with one key more. Pure. Refused: values of a
// wrong form, and a key id that is in use.
Result<model::Account> make_account(const model::Snapshot& snapshot, const AccountRequest& request,
                                    RandomSource& random, WallTime now);

// The oldest account that has a key, which is the one that the first start made; nullptr where there is none. Valid
// while the snapshot lives.
[[nodiscard]] const model::Account* first_account(const model::Snapshot& snapshot);

}  // namespace ginnel::daemon
