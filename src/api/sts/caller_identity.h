// STS GetCallerIdentity: whose key signed the call.
#pragma once

#include "api/call.h"
#include "generated/sts.h"

namespace ginnel::api {

// There are no users inside an account: every key is the account's own.
aws::ApiResult<sts::GetCallerIdentityResponse> get_caller_identity(const Call& call,
                                                                   const sts::GetCallerIdentityRequest& request);

}  // namespace ginnel::api
