#include "api/sts/caller_identity.h"

#include <fmt/format.h>

namespace ginnel::api {

aws::ApiResult<sts::GetCallerIdentityResponse> get_caller_identity(const Call& call,
                                                                   const sts::GetCallerIdentityRequest&) {
  sts::GetCallerIdentityResponse response;
  response.user_id = call.account;
  response.account = call.account;
  response.arn = fmt::format("arn:{}:iam::{}:root", call.region.partition, call.account);
  return response;
}

}  // namespace ginnel::api
