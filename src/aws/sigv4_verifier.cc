#include "aws/sigv4_verifier.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "aws/digest.h"
#include "aws/scalars.h"
#include "aws/sigv4_canonical.h"
#include "aws/sigv4_claim.h"

namespace ginnel::aws {
namespace {

constexpr std::chrono::minutes kSkew(15);

ApiError does_not_match(std::string_view why) { return api_error("SignatureDoesNotMatch", why, 403); }

ApiError unknown_key(const SigV4Claim& claim) {
  if (claim.scope.service == "ec2") {
    return api_error("AuthFailure", "AWS was not able to validate the provided access credentials", 401);
  }
  return api_error("InvalidClientTokenId", "The security token included in the request is invalid.", 403);
}

ApiStatus check_scope(const SigV4Claim& claim, const std::string& region, const std::vector<std::string>& services) {
  if (claim.scope.date != claim.date.substr(0, 8)) {
    return does_not_match(
        fmt::format("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date "
                    "from HTTP: '{}' != '{}', from '{}'.",
                    claim.scope.date, claim.date.substr(0, 8), claim.date));
  }
  if (claim.scope.region != region) {
    return does_not_match(
        fmt::format("Credential should be scoped to a valid region: '{}', not '{}'.", region, claim.scope.region));
  }
  if (std::find(services.begin(), services.end(), claim.scope.service) == services.end()) {
    return does_not_match(fmt::format("Credential should be scoped to correct service: one of {}, not '{}'.",
                                      fmt::join(services, ", "), claim.scope.service));
  }
  return {};
}

ApiStatus check_time(const SigV4Claim& claim, WallTime now) {
  if (claim.time > now + kSkew) {
    return api_error("RequestExpired", fmt::format("Signature not yet current: {} is still later than {} (15 min.).",
                                                   claim.date, to_basic_timestamp(now + kSkew)));
  }
  const WallTime end = claim.expires ? claim.time + *claim.expires : claim.time + kSkew;
  if (now > end) {
    return api_error("RequestExpired", fmt::format("Request has expired: signed at {}, good until {}, it is {}.",
                                                   claim.date, to_basic_timestamp(end), to_basic_timestamp(now)));
  }
  return {};
}

// The hash of the body, which is what must have been signed.
ApiResult<std::string> payload_hash(const RequestView& request) {
  std::string hash = sha256_hex(request.body);
  const std::optional<std::string> stated = canonical_header(request.headers, "x-amz-content-sha256");
  if (!stated || equal_in_constant_time(*stated, hash)) return hash;
  if (*stated == "UNSIGNED-PAYLOAD" || stated->starts_with("STREAMING-")) {
    return does_not_match(fmt::format("x-amz-content-sha256 '{}' is not accepted: the body must be signed.", *stated));
  }
  return does_not_match("The provided 'x-amz-content-sha256' header does not match what was computed.");
}

ApiStatus check_no_security_token(const SigV4Claim& claim) {
  if (!claim.has_security_token) return {};
  ApiError error = unknown_key(claim);
  error.message = "The security token included in the request is invalid: there are no temporary credentials here.";
  return error;
}

ApiStatus check_signature(const RequestView& request, const SigV4Claim& claim, std::string_view secret) {
  GINNEL_TRY(const std::string hash, payload_hash(request));
  for (const std::string& name : claim.signed_headers) {
    if (!canonical_header(request.headers, name)) {
      return does_not_match(fmt::format("The signed header '{}' is not in the request.", name));
    }
  }
  const std::optional<std::string> canonical = canonical_request(request, claim.signed_headers, hash);
  if (!canonical) return does_not_match("The query string is not well-formed.");
  const std::string expected = signature(secret, claim.scope, string_to_sign(claim.date, claim.scope, *canonical));
  if (!equal_in_constant_time(expected, claim.signature)) {
    return does_not_match(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
        "Key and signing method. Consult the service documentation for details.");
  }
  return {};
}

}  // namespace

SigV4Verifier::SigV4Verifier(std::string region, std::vector<std::string> services, CredentialLookup lookup,
                             const Clock& clock)
    : region_(std::move(region)), services_(std::move(services)), lookup_(std::move(lookup)), clock_(clock) {}

ApiResult<CallerIdentity> SigV4Verifier::verify(const RequestView& request) const {
  GINNEL_TRY(const SigV4Claim claim, SigV4Claim::read(request));
  GINNEL_CHECKED(check_no_security_token(claim));
  GINNEL_CHECKED(check_scope(claim, region_, services_));
  GINNEL_CHECKED(check_time(claim, clock_.now()));
  const std::optional<Credential> credential = lookup_(claim.access_key);
  if (!credential) return unknown_key(claim);
  GINNEL_CHECKED(check_signature(request, claim, credential->secret));
  return CallerIdentity{claim.access_key, credential->account_id, claim.scope.service, claim.scope.region};
}

std::string claimed_service(const RequestView& request) {
  const ApiResult<SigV4Claim> claim = SigV4Claim::read(request);
  return claim ? claim->scope.service : std::string();
}

}  // namespace ginnel::aws
