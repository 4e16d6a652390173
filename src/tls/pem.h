// Keys and certificates between OpenSSL's objects and PEM text (RFC 7468).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "tls/openssl.h"

namespace ginnel::tls {

// `origin` is the file that the text came from; errors name it.
Result<KeyPtr> parse_key(std::string_view pem, const std::string& origin);
// The first certificate of the text.
Result<CertificatePtr> parse_certificate(std::string_view pem, const std::string& origin);

Result<std::string> key_to_pem(EVP_PKEY* key);  // PKCS #8, not encrypted
Result<std::string> certificate_to_pem(X509* certificate);

}  // namespace ginnel::tls
