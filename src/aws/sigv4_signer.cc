#include "aws/sigv4_signer.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "aws/digest.h"
#include "aws/query.h"
#include "aws/scalars.h"
#include "aws/sigv4_canonical.h"
#include "base/check.h"

namespace ginnel::aws {
namespace {

std::vector<std::string> header_names(const Headers& headers) {
  std::vector<std::string> names;
  for (const auto& [name, value] : headers) names.push_back(to_lower(name));
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::string signature_of(const RequestView& request, const std::vector<std::string>& names, std::string_view date,
                         const CredentialScope& scope, std::string_view secret) {
  const std::optional<std::string> canonical = canonical_request(request, names, sha256_hex(request.body));
  GINNEL_CHECK(canonical.has_value(), "a request that we sign has a query that we escaped");
  return signature(secret, scope, string_to_sign(date, scope, *canonical));
}

}  // namespace

Headers sign(const RequestView& request, const SigningKey& key, WallTime time) {
  const std::string date = to_basic_timestamp(time);
  const CredentialScope scope{date.substr(0, 8), key.region, key.service};
  Headers headers = request.headers;
  headers.emplace_back("X-Amz-Date", date);
  const std::vector<std::string> names = header_names(headers);
  const RequestView view{request.method, request.path, request.query, headers, request.body};
  std::string authorization =
      fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}", kSigV4Algorithm, key.access_key, scope.text(),
                  join(names, ';'), signature_of(view, names, date, scope, key.secret));
  return {{"X-Amz-Date", date}, {"Authorization", std::move(authorization)}};
}

std::string presign(const RequestView& request, const SigningKey& key, WallTime time, std::chrono::seconds expires) {
  const std::string date = to_basic_timestamp(time);
  const CredentialScope scope{date.substr(0, 8), key.region, key.service};
  const std::vector<std::string> names = header_names(request.headers);
  const std::string query = fmt::format(
      "{}{}X-Amz-Algorithm={}&X-Amz-Credential={}&X-Amz-Date={}&X-Amz-Expires={}&X-Amz-SignedHeaders={}", request.query,
      request.query.empty() ? "" : "&", kSigV4Algorithm, percent_encode(key.access_key + "/" + scope.text()), date,
      expires.count(), percent_encode(join(names, ';')));
  const RequestView view{request.method, request.path, query, request.headers, request.body};
  return fmt::format("{}&X-Amz-Signature={}", query, signature_of(view, names, date, scope, key.secret));
}

}  // namespace ginnel::aws
