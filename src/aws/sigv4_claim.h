// SigV4Claim: what a request says of its signature, taken from the Authorization header or the query string, before
// anything is verified.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "aws/error.h"
#include "aws/request.h"
#include "aws/sigv4_canonical.h"
#include "base/clock.h"

namespace ginnel::aws {

struct SigV4Claim {
  std::string access_key;
  CredentialScope scope;
  std::vector<std::string> signed_headers;  // small letters, sorted, no name twice
  std::string signature;                    // 64 hexadecimal digits
  std::string date;                         // basic form, well-formed
  WallTime time;                            // the same
  bool has_security_token = false;
  std::optional<std::chrono::seconds> expires;  // of a presigned request

  // The codes are MissingAuthenticationToken and IncompleteSignature, with the missing thing named.
  static ApiResult<SigV4Claim> read(const RequestView& request);
};

}  // namespace ginnel::aws
