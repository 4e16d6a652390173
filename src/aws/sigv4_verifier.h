// Verifies AWS Signature Version 4: the Authorization header, or a presigned query string.
//
// What is checked: the form of the signature; that the key is known; that the scope names this region, a service that
// is served here, and the day of the request; that the request is not older or newer than 15 minutes, or, presigned,
// not past its X-Amz-Expires (at most 7 days); that Host is signed; that the body has the hash that was signed;
// and the signature itself, in constant time. All of it is a pure function of the request, the keys and the clock.
//
// Limits: a body is always part of the signature, so UNSIGNED-PAYLOAD and streamed bodies are refused. There are no
// temporary credentials here, so a request with a security token is refused. The Date header is not read,
// X-Amz-Date is (every SDK sends it).
// Source: "AWS Signature Version 4 for API requests" and "Common errors"; EC2 has some codes of its own.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/error.h"
#include "aws/request.h"
#include "base/clock.h"

namespace ginnel::aws {

struct Credential {
  std::string secret;
  std::string account_id;
};

// Nothing where the access key is not known. Called at most once per request.
using CredentialLookup = std::function<std::optional<Credential>(std::string_view access_key)>;

struct CallerIdentity {
  std::string access_key;
  std::string account_id;
  std::string service;  // as the scope names it: "ec2", "elasticloadbalancing", "sts"
  std::string region;
};

// Safe to use from several threads if the lookup is.
class SigV4Verifier {
 public:
  // `services` are the names that a scope may have. The clock must outlive this.
  SigV4Verifier(std::string region, std::vector<std::string> services, CredentialLookup lookup, const Clock& clock);

  [[nodiscard]] ApiResult<CallerIdentity> verify(const RequestView& request) const;

 private:
  std::string region_;
  std::vector<std::string> services_;
  CredentialLookup lookup_;
  const Clock& clock_;
};

// The service that the request claims to be for, verified or not, to choose the form of an error; empty if none.
[[nodiscard]] std::string claimed_service(const RequestView& request);

}  // namespace ginnel::aws
