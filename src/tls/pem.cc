#include "tls/pem.h"

#include <openssl/pem.h>

namespace ginnel::tls {
namespace {

BioPtr reader(std::string_view pem) { return BioPtr(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))); }

std::string content_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<size_t>(size)};
}

// An encrypted key must fail, not ask on the terminal.
int no_passphrase(char*, int, int, void*) { return -1; }

}  // namespace

Result<KeyPtr> parse_key(std::string_view pem, const std::string& origin) {
  KeyPtr key(PEM_read_bio_PrivateKey(reader(pem).get(), nullptr, no_passphrase, nullptr));
  if (!key) return fail("read private key", origin, "not a whole PEM private key (" + openssl_cause() + ")");
  return key;
}

Result<CertificatePtr> parse_certificate(std::string_view pem, const std::string& origin) {
  CertificatePtr certificate(PEM_read_bio_X509(reader(pem).get(), nullptr, no_passphrase, nullptr));
  if (!certificate) return fail("read certificate", origin, "not a whole PEM certificate (" + openssl_cause() + ")");
  return certificate;
}

Result<std::string> key_to_pem(EVP_PKEY* key) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return fail("write private key", "", openssl_cause());
  }
  return content_of(bio.get());
}

Result<std::string> certificate_to_pem(X509* certificate) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_X509(bio.get(), certificate) != 1) return fail("write certificate", "", openssl_cause());
  return content_of(bio.get());
}

}  // namespace ginnel::tls
