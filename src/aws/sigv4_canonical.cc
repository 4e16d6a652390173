#include "aws/sigv4_canonical.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "aws/digest.h"
#include "aws/query.h"

namespace ginnel::aws {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\v' || c == '\f'; }

void append_trimmed(std::string& out, std::string_view value) {
  bool gap = false;
  bool begun = false;
  for (const char c : value) {
    if (is_blank(c)) {
      gap = begun;
      continue;
    }
    if (gap) out += ' ';
    out += c;
    gap = false;
    begun = true;
  }
}

}  // namespace

std::string to_lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::string join(const std::vector<std::string>& parts, char separator) {
  std::string out;
  for (const std::string& part : parts) {
    if (&part != &parts.front()) out += separator;
    out += part;
  }
  return out;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(separator, begin), text.size());
    parts.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

std::string CredentialScope::text() const {
  return fmt::format("{}/{}/{}/{}", date, region, service, kScopeTerminator);
}

std::string canonical_path(std::string_view raw_path) {
  std::vector<std::string> kept;
  for (std::string& part : split(raw_path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      kept.push_back(std::move(part));
    } else if (!kept.empty()) {
      kept.pop_back();
    }
  }
  std::string path = "/" + join(kept, '/');
  if (!kept.empty() && raw_path.ends_with('/')) path += '/';
  return percent_encode(path, true);
}

std::optional<std::string> canonical_query(std::string_view raw_query) {
  std::vector<std::pair<std::string, std::string>> parameters;
  for (const std::string& pair : split(raw_query, '&')) {
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const std::optional<std::string> name = percent_decode(std::string_view(pair).substr(0, equals), true);
    const std::optional<std::string> value =
        percent_decode(std::string_view(pair).substr(std::min(equals + 1, pair.size())), true);
    if (!name || !value) return std::nullopt;
    if (*name != "X-Amz-Signature") parameters.emplace_back(percent_encode(*name), percent_encode(*value));
  }
  std::sort(parameters.begin(), parameters.end());
  std::string out;
  for (const auto& [name, value] : parameters) {
    if (!out.empty()) out += '&';
    out += name + "=" + value;
  }
  return out;
}

std::optional<std::string> canonical_header(const Headers& headers, std::string_view name) {
  std::optional<std::string> out;
  for (const auto& [header, value] : headers) {
    if (to_lower(header) != name) continue;
    if (out) {
      *out += ',';
    } else {
      out.emplace();
    }
    append_trimmed(*out, value);
  }
  return out;
}

std::optional<std::string> canonical_request(const RequestView& request, const std::vector<std::string>& signed_headers,
                                             std::string_view payload_hash) {
  const std::optional<std::string> query = canonical_query(request.query);
  if (!query) return std::nullopt;
  std::string out = fmt::format("{}\n{}\n{}\n", request.method, canonical_path(request.path), *query);
  for (const std::string& name : signed_headers) {
    const std::optional<std::string> value = canonical_header(request.headers, name);
    if (!value) return std::nullopt;
    out += fmt::format("{}:{}\n", name, *value);
  }
  return out + fmt::format("\n{}\n{}", join(signed_headers, ';'), payload_hash);
}

std::string string_to_sign(std::string_view date, const CredentialScope& scope, std::string_view canonical_request) {
  return fmt::format("{}\n{}\n{}\n{}", kSigV4Algorithm, date, scope.text(), sha256_hex(canonical_request));
}

std::string signature(std::string_view secret, const CredentialScope& scope, std::string_view string_to_sign) {
  std::string key = hmac_sha256(fmt::format("AWS4{}", secret), scope.date);
  key = hmac_sha256(key, scope.region);
  key = hmac_sha256(key, scope.service);
  key = hmac_sha256(key, kScopeTerminator);
  return to_hex(hmac_sha256(key, string_to_sign));
}

}  // namespace ginnel::aws
