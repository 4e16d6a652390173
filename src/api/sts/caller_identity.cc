#include "api/sts/caller_identity.h"

#include "api/caller.h"

namespace ginnel::api {

aws::ApiResult<sts::GetCallerIdentityResponse> get_caller_identity(const Call& call,
                                                                   const sts::GetCallerIdentityRequest&) {
  sts::GetCallerIdentityResponse response;
  response.user_id = call.account;
  response.account = call.account;
  response.arn = caller_arn(call);
  return response;
}

}  // namespace ginnel::api
