#include "tls/builder.h"

#include <openssl/ec.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <ctime>

namespace ginnel::tls {
namespace {

constexpr size_t kLongestCommonName = 64;  // RFC 5280 appendix A.1, ub-common-name

tl::unexpected<Error> build_error(const char* what) { return fail("make certificate", what, openssl_cause()); }

Status set_time(ASN1_TIME* field, WallTime time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  if (!ASN1_TIME_adj(field, static_cast<time_t>(seconds), 0, 0)) return build_error("time");
  return {};
}

// RFC 5280 section 4.1.2.2: positive and at most 20 bytes; 128 random bits cannot repeat.
Status set_serial(X509* certificate, RandomSource& random) {
  std::array<uint8_t, 16> bytes{};
  random.fill(bytes);
  bytes[0] = static_cast<uint8_t>((bytes[0] & 0x7f) | 0x40);
  const std::unique_ptr<BIGNUM, Free<BN_free>> number(BN_bin2bn(bytes.data(), bytes.size(), nullptr));
  if (!number || !BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate))) return build_error("serial");
  return {};
}

Result<NamePtr> make_name(const std::string& common_name) {
  NamePtr name(X509_NAME_new());
  if (!name) return build_error("name");
  const auto* text = reinterpret_cast<const unsigned char*>(common_name.data());
  if (!common_name.empty() && X509_NAME_add_entry_by_NID(name.get(), NID_commonName, MBSTRING_UTF8, text,
                                                         static_cast<int>(common_name.size()), -1, 0) != 1) {
    return build_error("name");
  }
  return name;
}

// `value` in the language of x509v3_config(5); only constants of this file are given to it.
Status add_extension(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, Free<X509_EXTENSION_free>> extension(
      X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  if (!extension || X509_add_ext(certificate, extension.get(), -1) != 1) return build_error(value);
  return {};
}

Result<CertificatePtr> start(EVP_PKEY* key, const std::string& common_name, Validity validity, RandomSource& random) {
  CertificatePtr certificate(X509_new());
  if (!certificate || X509_set_version(certificate.get(), X509_VERSION_3) != 1) return build_error("version");
  GINNEL_CHECKED(set_serial(certificate.get(), random));
  GINNEL_CHECKED(set_time(X509_getm_notBefore(certificate.get()), validity.from));
  GINNEL_CHECKED(set_time(X509_getm_notAfter(certificate.get()), validity.until));
  GINNEL_TRY(const NamePtr name, make_name(common_name));
  if (X509_set_subject_name(certificate.get(), name.get()) != 1) return build_error("subject");
  if (X509_set_pubkey(certificate.get(), key) != 1) return build_error("public key");
  return certificate;
}

bool push_name(GENERAL_NAMES* names, int type, const void* data, size_t size) {
  std::unique_ptr<GENERAL_NAME, Free<GENERAL_NAME_free>> name(GENERAL_NAME_new());
  std::unique_ptr<ASN1_STRING, Free<ASN1_STRING_free>> text(
      ASN1_STRING_type_new(type == GEN_DNS ? V_ASN1_IA5STRING : V_ASN1_OCTET_STRING));
  if (!name || !text || ASN1_STRING_set(text.get(), data, static_cast<int>(size)) != 1) return false;
  GENERAL_NAME_set0_value(name.get(), type, text.release());
  if (sk_GENERAL_NAME_push(names, name.get()) <= 0) return false;
  (void)name.release();  // `names` owns it now
  return true;
}

Status add_alt_names(X509* certificate, const SubjectNames& names, bool critical) {
  const AltNamesPtr list(sk_GENERAL_NAME_new_null());
  bool good = list != nullptr;
  for (const std::string& name : names.dns) good = good && push_name(list.get(), GEN_DNS, name.data(), name.size());
  for (const IpAddress& address : names.addresses) {
    const auto bytes = std::span(address.bytes());
    const auto part = address.is_v4() ? bytes.subspan(12) : bytes.subspan(0);
    good = good && push_name(list.get(), GEN_IPADD, part.data(), part.size());
  }
  if (!good || X509_add1_ext_i2d(certificate, NID_subject_alt_name, list.get(), critical ? 1 : 0, 0) != 1) {
    return build_error("alternative names");
  }
  return {};
}

Result<CertificatePtr> sign(CertificatePtr certificate, X509* issuer, EVP_PKEY* issuer_key) {
  if (X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer)) != 1) return build_error("issuer");
  if (X509_sign(certificate.get(), issuer_key, EVP_sha256()) <= 0) return build_error("signature");
  return certificate;
}

// The common name is for people; verifiers look at the alternative names only.
std::string common_name_of(const SubjectNames& names) {
  for (const std::string& name : names.dns) {
    if (name.size() <= kLongestCommonName) return name;
  }
  return names.addresses.empty() ? "" : names.addresses.front().to_string();
}

}  // namespace

Result<KeyPtr> make_key() {
  KeyPtr key(EVP_EC_gen("P-256"));
  if (!key) return fail("make private key", "P-256", openssl_cause());
  return key;
}

Result<KeyPtr> make_rsa_key() {
  KeyPtr key(EVP_RSA_gen(2048));
  if (!key) return fail("make private key", "RSA", openssl_cause());
  return key;
}

Result<CertificatePtr> make_authority_certificate(EVP_PKEY* key, const std::string& common_name, Validity validity,
                                                  RandomSource& random) {
  GINNEL_TRY(CertificatePtr certificate, start(key, common_name, validity, random));
  X509* self = certificate.get();
  GINNEL_CHECKED(add_extension(self, self, NID_basic_constraints, "critical,CA:TRUE,pathlen:0"));
  GINNEL_CHECKED(add_extension(self, self, NID_key_usage, "critical,keyCertSign,cRLSign"));
  GINNEL_CHECKED(add_extension(self, self, NID_subject_key_identifier, "hash"));
  GINNEL_CHECKED(add_extension(self, self, NID_authority_key_identifier, "keyid:always"));
  return sign(std::move(certificate), self, key);
}

Result<CertificatePtr> make_server_certificate(EVP_PKEY* key, const SubjectNames& names, Validity validity,
                                               X509* authority, EVP_PKEY* authority_key, RandomSource& random) {
  const std::string common_name = common_name_of(names);
  GINNEL_TRY(CertificatePtr certificate, start(key, common_name, validity, random));
  X509* leaf = certificate.get();
  GINNEL_CHECKED(add_extension(leaf, authority, NID_basic_constraints, "critical,CA:FALSE"));
  GINNEL_CHECKED(add_extension(leaf, authority, NID_key_usage, "critical,digitalSignature"));
  GINNEL_CHECKED(add_extension(leaf, authority, NID_ext_key_usage, "serverAuth"));
  GINNEL_CHECKED(add_extension(leaf, authority, NID_subject_key_identifier, "hash"));
  GINNEL_CHECKED(add_extension(leaf, authority, NID_authority_key_identifier, "keyid:always"));
  // RFC 5280 section 4.2.1.6: critical where the subject is empty.
  GINNEL_CHECKED(add_alt_names(leaf, names, common_name.empty()));
  return sign(std::move(certificate), authority, authority_key);
}

SubjectNames names_of(const X509* certificate) {
  SubjectNames out;
  const AltNamesPtr list(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; list && i < sk_GENERAL_NAME_num(list.get()); ++i) {
    int type = 0;
    const auto* text =
        static_cast<const ASN1_STRING*>(GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(list.get(), i), &type));
    if (type != GEN_DNS && type != GEN_IPADD) continue;
    const unsigned char* data = ASN1_STRING_get0_data(text);
    const auto size = static_cast<size_t>(ASN1_STRING_length(text));
    IpAddress::Bytes bytes{};
    if (type == GEN_DNS) {
      out.dns.emplace_back(reinterpret_cast<const char*>(data), size);
    } else if (size == 4) {
      out.addresses.push_back(IpAddress::from_v4(uint32_t{data[0]} << 24 | uint32_t{data[1]} << 16 |
                                                 uint32_t{data[2]} << 8 | uint32_t{data[3]}));
    } else if (size == bytes.size()) {
      std::copy_n(data, size, bytes.begin());
      out.addresses.emplace_back(bytes);
    }
  }
  return out.normalised();
}

WallTime expiry_of(const X509* certificate) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts) != 1) return WallTime{};  // long past: never trusted
  return std::chrono::time_point_cast<std::chrono::milliseconds>(
      std::chrono::system_clock::from_time_t(::timegm(&parts)));
}

}  // namespace ginnel::tls
