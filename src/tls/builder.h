// Makes certificates: the fields and extensions of RFC 5280, as strict verifiers (Python 3.13, Go) want them.
#pragma once

#include <chrono>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "tls/openssl.h"
#include "tls/subject_names.h"

namespace ginnel::tls {

struct Validity {
  WallTime from, until;
};

// A new private key on curve P-256.
Result<KeyPtr> make_key();
// Of 2048 bits.
Result<KeyPtr> make_rsa_key();

// A self-signed authority that may sign leaves and nothing else.
Result<CertificatePtr> make_authority_certificate(EVP_PKEY* key, const std::string& common_name, Validity validity,
                                                  RandomSource& random);

// A server certificate for `names` (checked before), signed by the authority.
Result<CertificatePtr> make_server_certificate(EVP_PKEY* key, const SubjectNames& names, Validity validity,
                                               X509* authority, EVP_PKEY* authority_key, RandomSource& random);

// The names that stand in a certificate, normalised.
[[nodiscard]] SubjectNames names_of(const X509* certificate);
[[nodiscard]] WallTime expiry_of(const X509* certificate);

}  // namespace ginnel::tls
