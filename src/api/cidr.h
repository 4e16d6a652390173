// Address blocks in requests.
#pragma once

#include <string_view>

#include "aws/error.h"
#include "base/ip.h"

namespace ginnel::api {

// The error code and the lengths that a kind of block may have.
struct BlockRules {
  std::string_view range_code;  // "InvalidVpc.Range"
  unsigned shortest = 16, longest = 28;
};

// An IPv4 block; host bits that are set are cleared, as EC2 does ("100.68.0.18/18" is taken as 100.68.0.0/18).
aws::ApiResult<Cidr> parse_block(std::string_view parameter, std::string_view text, const BlockRules& rules);

// "The CIDR '10.0.0.0/8' is invalid.", with the reason.
[[nodiscard]] aws::ApiError bad_range(std::string_view code, std::string_view block, std::string_view why);

}  // namespace ginnel::api
