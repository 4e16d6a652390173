#include "tls/authority.h"

#include "base/file.h"
#include "tls/builder.h"
#include "tls/pem.h"

namespace ginnel::tls {
namespace {

using std::chrono::hours;

constexpr hours kAuthorityLife{24 * 3652};  // ten years
// Apple's and the CA/Browser Forum's limit is 398 days; a day is left for the start in the past.
constexpr hours kServerLife{24 * 396};
// Clocks of clients may be a little behind.
constexpr hours kStartInThePast{1};

std::string common_name_of(X509* certificate) {
  char text[256] = {};
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, text, sizeof text);
  return text;
}

}  // namespace

struct Authority::State {
  KeyPtr key;
  CertificatePtr certificate;
  std::string pem, path, name;
};

namespace {

struct Paths {
  std::string certificate, key;
};

Status make_files(const Paths& paths, const Clock& clock, RandomSource& random) {
  const WallTime now = clock.now();
  GINNEL_TRY(const KeyPtr key, make_key());
  GINNEL_TRY(const CertificatePtr certificate,
             make_authority_certificate(key.get(), "Ginnel CA " + random_hex(random, 16),
                                        {now - kStartInThePast, now + kAuthorityLife}, random));
  GINNEL_TRY(const std::string key_pem, key_to_pem(key.get()));
  GINNEL_TRY(const std::string certificate_pem, certificate_to_pem(certificate.get()));
  // The certificate last: a key without a certificate is a first start that was cut short, and is made again.
  GINNEL_CHECKED(write_file_atomically(paths.key, key_pem, 0600));
  return write_file_atomically(paths.certificate, certificate_pem, 0644);
}

Status check(const Paths& paths, X509* certificate, EVP_PKEY* key, const Clock& clock) {
  if (X509_check_ca(certificate) != 1) {
    return fail("use authority", paths.certificate, "the certificate is not one of an authority");
  }
  if (X509_check_private_key(certificate, key) != 1) {
    ERR_clear_error();
    return fail("use authority", paths.certificate, "the key in " + paths.key + " belongs to another certificate");
  }
  if (expiry_of(certificate) <= clock.now()) {
    return fail("use authority", paths.certificate,
                "expired at " + to_iso8601(expiry_of(certificate)) + "; remove the folder to make a new one");
  }
  return {};
}

}  // namespace

Authority::Authority(std::unique_ptr<State> state) : state_(std::move(state)) {}
Authority::Authority(Authority&&) noexcept = default;
Authority& Authority::operator=(Authority&&) noexcept = default;
Authority::~Authority() = default;

Result<Authority> Authority::open(const std::string& folder, const Clock& clock, RandomSource& random) {
  const Paths paths{folder + "/ca.crt", folder + "/ca.key"};
  GINNEL_CHECKED(make_directories(folder, 0711));
  GINNEL_TRY(std::optional<std::string> certificate_pem, read_file_if_exists(paths.certificate));
  if (!certificate_pem) {
    GINNEL_CHECKED(make_files(paths, clock, random));
    GINNEL_TRY(certificate_pem, read_file_if_exists(paths.certificate));
    if (!certificate_pem) return fail_errno("open", paths.certificate, ENOENT);
  }
  GINNEL_TRY(const std::string key_pem, read_file(paths.key));
  auto state = std::make_unique<State>();
  GINNEL_TRY(state->certificate, parse_certificate(*certificate_pem, paths.certificate));
  GINNEL_TRY(state->key, parse_key(key_pem, paths.key));
  GINNEL_CHECKED(check(paths, state->certificate.get(), state->key.get(), clock));
  state->pem = std::move(*certificate_pem);
  state->path = paths.certificate;
  state->name = common_name_of(state->certificate.get());
  return Authority(std::move(state));
}

Result<Certificate> Authority::issue(const SubjectNames& names, const Clock& clock, RandomSource& random,
                                     KeyKind kind) const {
  const SubjectNames wanted = names.normalised();
  GINNEL_CHECKED(check_names(wanted));
  const WallTime now = clock.now();
  // A chain is good only while both are: the leaf does not promise more than the authority can keep.
  const WallTime until = std::min(now + kServerLife, expiry_of(state_->certificate.get()));
  GINNEL_TRY(const KeyPtr key, kind == KeyKind::p256 ? make_key() : make_rsa_key());
  GINNEL_TRY(const CertificatePtr certificate,
             make_server_certificate(key.get(), wanted, {now - kStartInThePast, until}, state_->certificate.get(),
                                     state_->key.get(), random));
  Certificate out;
  GINNEL_TRY(out.chain, certificate_to_pem(certificate.get()));
  GINNEL_TRY(out.key, key_to_pem(key.get()));
  return out;
}

bool Authority::has_signed(const std::string& certificate_pem) const {
  const Result<CertificatePtr> certificate = parse_certificate(certificate_pem, "");
  if (!certificate) return false;
  const bool good = X509_verify(certificate->get(), state_->key.get()) == 1;
  ERR_clear_error();
  return good;
}

const std::string& Authority::certificate_pem() const { return state_->pem; }
const std::string& Authority::certificate_path() const { return state_->path; }
const std::string& Authority::name() const { return state_->name; }

}  // namespace ginnel::tls
