#include "aws/sigv4_claim.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "aws/query.h"
#include "aws/scalars.h"

namespace ginnel::aws {
namespace {

using Fields = std::map<std::string, std::string, std::less<>>;

constexpr std::chrono::seconds kLongestExpiry = std::chrono::hours(24 * 7);

ApiError incomplete(std::string_view why) { return api_error("IncompleteSignature", why); }

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

bool is_lower_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

ApiResult<std::string> field(const Fields& fields, std::string_view name, std::string_view where) {
  const auto it = fields.find(name);
  if (it == fields.end() || it->second.empty()) return incomplete(fmt::format("{} requires '{}'.", where, name));
  return it->second;
}

// "KEY/DATE/REGION/SERVICE/aws4_request"
ApiStatus read_credential(std::string_view text, SigV4Claim& claim) {
  std::vector<std::string> parts = split(text, '/');
  if (parts.size() != 5 || std::any_of(parts.begin(), parts.end(), [](const std::string& p) { return p.empty(); })) {
    return incomplete(
        fmt::format("Credential must have exactly 5 slash-delimited elements, e.g. "
                    "keyid/date/region/service/term, got '{}'.",
                    text));
  }
  if (parts[4] != kScopeTerminator) {
    return api_error(
        "SignatureDoesNotMatch",
        fmt::format("Credential should be scoped with a valid terminator: '{}', not '{}'.", kScopeTerminator, parts[4]),
        403);
  }
  claim.access_key = std::move(parts[0]);
  claim.scope = {std::move(parts[1]), std::move(parts[2]), std::move(parts[3])};
  return {};
}

ApiStatus read_signed_headers(std::string_view text, SigV4Claim& claim) {
  claim.signed_headers = split(text, ';');
  const auto& names = claim.signed_headers;
  const bool ordered = std::is_sorted(names.begin(), names.end()) &&
                       std::adjacent_find(names.begin(), names.end()) == names.end() &&
                       std::all_of(names.begin(), names.end(),
                                   [](const std::string& name) { return !name.empty() && to_lower(name) == name; });
  if (!ordered) return incomplete(fmt::format("SignedHeaders must be sorted names in small letters, got '{}'.", text));
  if (!std::binary_search(names.begin(), names.end(), "host")) {
    return incomplete("'Host' must be a 'SignedHeader' in the AWS Authorization.");
  }
  return {};
}

ApiStatus read_date(const std::string& text, SigV4Claim& claim) {
  const std::optional<WallTime> time = parse_basic_timestamp(text);
  if (!time) {
    return incomplete(
        fmt::format("Date must be in ISO-8601 'basic format'. Got '{}'. Expected YYYYMMDDTHHMMSSZ.", text));
  }
  claim.date = text;
  claim.time = *time;
  return {};
}

ApiStatus read_signature(const std::string& text, SigV4Claim& claim) {
  if (text.size() != 64 || !is_lower_hex(text)) {
    return incomplete(fmt::format("Signature must have 64 hexadecimal digits, got '{}'.", text));
  }
  claim.signature = text;
  return {};
}

ApiResult<Fields> split_authorization(std::string_view text) {
  Fields fields;
  for (const std::string& part : split(text, ',')) {
    const std::string_view pair = trimmed(part);
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos) {
      return incomplete(fmt::format("'{}' is not a key=value pair in the Authorization header.", pair));
    }
    const bool added = fields.emplace(pair.substr(0, equals), pair.substr(equals + 1)).second;
    if (!added) return incomplete(fmt::format("'{}' is twice in the Authorization header.", pair.substr(0, equals)));
  }
  return fields;
}

ApiResult<SigV4Claim> read_header(const RequestView& request, std::string_view authorization) {
  constexpr std::string_view kWhere = "Authorization header";
  const std::size_t space = std::min(authorization.find(' '), authorization.size());
  if (authorization.substr(0, space) != kSigV4Algorithm) {
    return incomplete(fmt::format("Unsupported AWS 'algorithm': '{}', {} is wanted.", authorization.substr(0, space),
                                  kSigV4Algorithm));
  }
  GINNEL_TRY(const Fields fields, split_authorization(authorization.substr(space)));
  GINNEL_TRY(const std::string credential, field(fields, "Credential", kWhere));
  GINNEL_TRY(const std::string headers, field(fields, "SignedHeaders", kWhere));
  GINNEL_TRY(const std::string signature, field(fields, "Signature", kWhere));
  const std::optional<std::string> date = canonical_header(request.headers, "x-amz-date");
  if (!date) return incomplete("Authorization header requires existence of a 'X-Amz-Date' header.");
  SigV4Claim claim;
  claim.has_security_token = canonical_header(request.headers, "x-amz-security-token").has_value();
  GINNEL_CHECKED(read_credential(credential, claim));
  GINNEL_CHECKED(read_signed_headers(headers, claim));
  GINNEL_CHECKED(read_signature(signature, claim));
  GINNEL_CHECKED(read_date(*date, claim));
  return claim;
}

// The X-Amz-… parameters of the query string.
ApiResult<Fields> split_query(std::string_view query) {
  Fields fields;
  for (const std::string& pair : split(query, '&')) {
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const std::optional<std::string> name = percent_decode(std::string_view(pair).substr(0, equals), true);
    const std::optional<std::string> value =
        percent_decode(std::string_view(pair).substr(std::min(equals + 1, pair.size())), true);
    if (!name || !value) {
      return api_error("MalformedQueryString",
                       fmt::format("The query string has a broken percent-encoding in '{}'.", pair));
    }
    if (!name->starts_with("X-Amz-")) continue;
    if (!fields.emplace(*name, *value).second) return incomplete(fmt::format("'{}' is twice in the query.", *name));
  }
  return fields;
}

ApiResult<SigV4Claim> read_presigned(const Fields& fields) {
  constexpr std::string_view kWhere = "AWS query-string authentication";
  GINNEL_TRY(const std::string algorithm, field(fields, "X-Amz-Algorithm", kWhere));
  GINNEL_TRY(const std::string credential, field(fields, "X-Amz-Credential", kWhere));
  GINNEL_TRY(const std::string headers, field(fields, "X-Amz-SignedHeaders", kWhere));
  GINNEL_TRY(const std::string signature, field(fields, "X-Amz-Signature", kWhere));
  GINNEL_TRY(const std::string date, field(fields, "X-Amz-Date", kWhere));
  GINNEL_TRY(const std::string expires, field(fields, "X-Amz-Expires", kWhere));
  if (algorithm != kSigV4Algorithm) {
    return incomplete(fmt::format("Unsupported AWS 'algorithm': '{}', {} is wanted.", algorithm, kSigV4Algorithm));
  }
  const std::optional<int> seconds = parse_int(expires);
  if (!seconds || *seconds < 1 || std::chrono::seconds(*seconds) > kLongestExpiry) {
    return incomplete(
        fmt::format("X-Amz-Expires must be between 1 and {} seconds, got '{}'.", kLongestExpiry.count(), expires));
  }
  SigV4Claim claim;
  claim.expires = std::chrono::seconds(*seconds);
  claim.has_security_token = fields.contains("X-Amz-Security-Token");
  GINNEL_CHECKED(read_credential(credential, claim));
  GINNEL_CHECKED(read_signed_headers(headers, claim));
  GINNEL_CHECKED(read_signature(signature, claim));
  GINNEL_CHECKED(read_date(date, claim));
  return claim;
}

}  // namespace

ApiResult<SigV4Claim> SigV4Claim::read(const RequestView& request) {
  GINNEL_TRY(const Fields fields, split_query(request.query));
  const bool presigned = fields.contains("X-Amz-Signature") || fields.contains("X-Amz-Credential");
  std::size_t count = 0;
  std::string_view authorization;
  for (const auto& [name, value] : request.headers) {
    if (to_lower(name) != "authorization") continue;
    authorization = trimmed(value);
    ++count;
  }
  if (count > 1 || (count == 1 && presigned)) return incomplete("The request is signed in more than one way.");
  if (presigned) return read_presigned(fields);
  if (count == 0) return api_error("MissingAuthenticationToken", "Request is missing Authentication Token.", 403);
  return read_header(request, authorization);
}

}  // namespace ginnel::aws
