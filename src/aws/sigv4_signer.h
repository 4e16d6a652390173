// Signs requests with AWS Signature Version 4, for the command line, the health of our own listeners, and tests.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "aws/request.h"
#include "base/clock.h"

namespace ginnel::aws {

struct SigningKey {
  std::string access_key;
  std::string secret;
  std::string region;
  std::string service;
};

// Two headers, X-Amz-Date and Authorization, to be added to the request. All headers of the request are signed, so it
// must hold those alone that arrive as they are, Host among them.
[[nodiscard]] Headers sign(const RequestView& request, const SigningKey& key, WallTime time);

// The query string of the request with the signature added: a link that can be used without credentials. The headers
// are signed too; Host must be among them.
[[nodiscard]] std::string presign(const RequestView& request, const SigningKey& key, WallTime time,
                                  std::chrono::seconds expires);

}  // namespace ginnel::aws
