#include "tls/signer.h"

#include <fmt/format.h>

#include <array>
#include <vector>

#include "tls/openssl.h"
#include "tls/pem.h"

namespace ginnel::tls {

Result<Signer> Signer::make(const Certificate& certificate) {
  GINNEL_TRY(KeyPtr key, parse_key(certificate.key, "the signing key"));
  GINNEL_TRY(const CertificatePtr parsed, parse_certificate(certificate.chain, "the signing certificate"));
  if (EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA) return fail("use signing key", "", "not an RSA key");
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (X509_digest(parsed.get(), EVP_sha256(), digest.data(), &size) != 1) {
    return fail("use signing certificate", "", openssl_cause());
  }
  Signer out;
  for (unsigned n = 0; n < size; ++n) out.fingerprint_ += fmt::format("{:02x}", digest[n]);
  out.key_ = std::shared_ptr<void>(key.release(), [](void* owned) { EVP_PKEY_free(static_cast<EVP_PKEY*>(owned)); });
  out.pem_ = certificate.chain;
  return out;
}

Result<std::string> Signer::sign(std::string_view text) const {
  const std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>> context(EVP_MD_CTX_new());
  auto* key = static_cast<EVP_PKEY*>(key_.get());
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  size_t size = 0;
  if (!context || EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, bytes, text.size()) != 1) {
    return fail("sign", "", openssl_cause());
  }
  std::vector<unsigned char> signature(size);
  if (EVP_DigestSign(context.get(), signature.data(), &size, bytes, text.size()) != 1) {
    return fail("sign", "", openssl_cause());
  }
  std::string out((size + 2) / 3 * 4 + 1, '\0');  // OpenSSL writes a 0 at the end
  const int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), signature.data(), static_cast<int>(size));
  out.resize(static_cast<size_t>(length));
  return out;
}

}  // namespace ginnel::tls
