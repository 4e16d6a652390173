#include "tls/certificate_files.h"

#include "base/file.h"
#include "tls/builder.h"
#include "tls/pem.h"

namespace ginnel::tls {
namespace {

constexpr std::chrono::hours kLeastLife{24 * 30};

// Why the files in `kept` do not serve; empty where they do.
std::string why_not(const Authority& authority, const KeptCertificate& kept, const SubjectNames& names,
                    const Clock& clock) {
  const Result<CertificatePtr> certificate = parse_certificate(kept.certificate.chain, kept.certificate_path);
  if (!certificate) return certificate.error().text();
  const Result<KeyPtr> key = parse_key(kept.certificate.key, kept.key_path);
  if (!key) return key.error().text();
  if (X509_check_private_key(certificate->get(), key->get()) != 1) {
    ERR_clear_error();
    return kept.key_path + " is not the key of " + kept.certificate_path;
  }
  if (!authority.has_signed(kept.certificate.chain)) {
    return kept.certificate_path + " is signed by another authority than " + authority.certificate_path();
  }
  if (names_of(certificate->get()) != names.normalised()) return "the names of " + kept.certificate_path + " changed";
  const auto left = std::chrono::floor<std::chrono::days>(expiry_of(certificate->get()) - clock.now());
  if (left < kLeastLife) return kept.certificate_path + " has " + std::to_string(left.count()) + " days left";
  return "";
}

Status check_file_name(const std::string& name) {
  if (name.empty() || name.front() == '.' || name.find('/') != std::string::npos) {
    return fail("keep certificate", "\"" + name + "\"", "not a plain file name");
  }
  return {};
}

}  // namespace

Result<KeptCertificate> ensure_certificate(const Authority& authority, const std::string& folder,
                                           const std::string& name, const SubjectNames& names, const Clock& clock,
                                           RandomSource& random, KeyKind kind) {
  GINNEL_CHECKED(check_file_name(name));
  GINNEL_CHECKED(check_names(names));
  GINNEL_CHECKED(make_directories(folder, 0700));
  KeptCertificate kept;
  kept.certificate_path = folder + "/" + name + ".crt";
  kept.key_path = folder + "/" + name + ".key";
  GINNEL_TRY(std::optional<std::string> chain, read_file_if_exists(kept.certificate_path));
  GINNEL_TRY(std::optional<std::string> key, read_file_if_exists(kept.key_path));
  if (chain && key) {
    kept.certificate = {std::move(*chain), std::move(*key)};
    kept.reissued_because = why_not(authority, kept, names, clock);
  } else {
    kept.reissued_because = (chain ? kept.key_path : kept.certificate_path) + " did not exist";
  }
  if (!kept.reissued_because.empty()) {
    GINNEL_TRY(kept.certificate, authority.issue(names, clock, random, kind));
    GINNEL_CHECKED(write_file_atomically(kept.key_path, kept.certificate.key, 0600));
    GINNEL_CHECKED(write_file_atomically(kept.certificate_path, kept.certificate.chain, 0644));
  }
  GINNEL_TRY(const CertificatePtr certificate, parse_certificate(kept.certificate.chain, kept.certificate_path));
  kept.expires = expiry_of(certificate.get());
  return kept;
}

}  // namespace ginnel::tls
