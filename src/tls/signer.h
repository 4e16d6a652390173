// Signs texts with the key of a certificate, so that whoever holds the certificate can check where they come from.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "tls/authority.h"

namespace ginnel::tls {

// Immutable; safe from any thread.
class Signer {
 public:
  // The certificate's key must be an RSA key.
  static Result<Signer> make(const Certificate& certificate);

  // RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 section 8.2), in base64.
  [[nodiscard]] Result<std::string> sign(std::string_view text) const;
  [[nodiscard]] const std::string& certificate_pem() const { return pem_; }
  // SHA-256 of the certificate, in lower-case hexadecimal digits.
  [[nodiscard]] const std::string& fingerprint() const { return fingerprint_; }

 private:
  Signer() = default;
  std::shared_ptr<void> key_;
  std::string pem_, fingerprint_;
};

}  // namespace ginnel::tls
