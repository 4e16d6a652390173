#include "api/caller.h"

#include <fmt/format.h>

namespace ginnel::api {

std::string root_arn(const model::Region& region, std::string_view account) {
  return fmt::format("arn:{}:iam::{}:root", region.partition, account);
}

std::string caller_arn(const Call& call) { return root_arn(call.region, call.account); }

}  // namespace ginnel::api
