// Who calls.
#pragma once

#include <string>

#include "api/call.h"

namespace ginnel::api {

// The ARN of an account as a whole.
[[nodiscard]] std::string root_arn(const model::Region& region, std::string_view account);
// As STS GetCallerIdentity tells it. Keys belong to accounts, so every caller is the root of one.
[[nodiscard]] std::string caller_arn(const Call& call);

}  // namespace ginnel::api
