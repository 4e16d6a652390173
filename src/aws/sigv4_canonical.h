// The computation that signer and verifier of AWS Signature Version 4 share.
// Source: "Create a signed AWS API request" (IAM User Guide); in doubt, what botocore's signer does.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/request.h"
#include "base/clock.h"

namespace ginnel::aws {

inline constexpr std::string_view kSigV4Algorithm = "AWS4-HMAC-SHA256";
inline constexpr std::string_view kScopeTerminator = "aws4_request";

// "20150830/us-east-1/ec2/aws4_request"
struct CredentialScope {
  std::string date;
  std::string region;
  std::string service;

  [[nodiscard]] std::string text() const;
};

// Dot segments and doubled slashes are taken out, then every byte that RFC 3986 reserves is escaped, the '%' of
// escapes included (every service but S3 wants the path escaped twice).
[[nodiscard]] std::string canonical_path(std::string_view raw_path);

// Sorted, escaped in one way; the parameter X-Amz-Signature is left out. Nothing where an escape is broken.
[[nodiscard]] std::optional<std::string> canonical_query(std::string_view raw_query);

// All values of the header in the order of the request, trimmed, runs of blanks made one, joined by commas. Nothing if
// there is no such header. `name` is in small letters.
[[nodiscard]] std::optional<std::string> canonical_header(const Headers& headers, std::string_view name);

// `signed_headers` are names in small letters, sorted; each must be in the request. Nothing where one is not, or the
// query is broken.
[[nodiscard]] std::optional<std::string> canonical_request(const RequestView& request,
                                                           const std::vector<std::string>& signed_headers,
                                                           std::string_view payload_hash);

// `date` is the basic form, "20150830T123600Z". The signature is in hexadecimal.
[[nodiscard]] std::string string_to_sign(std::string_view date, const CredentialScope& scope,
                                         std::string_view canonical_request);
[[nodiscard]] std::string signature(std::string_view secret, const CredentialScope& scope,
                                    std::string_view string_to_sign);

[[nodiscard]] std::string to_lower(std::string_view text);
[[nodiscard]] std::string join(const std::vector<std::string>& parts, char separator);
[[nodiscard]] std::vector<std::string> split(std::string_view text, char separator);

}  // namespace ginnel::aws
