#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/x509_vfy.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>

#include "base/file.h"
#include "tls/authority.h"
#include "tls/builder.h"
#include "tls/certificate_files.h"
#include "tls/pem.h"

namespace ginnel::tls {
namespace {

using std::chrono::hours;
using ::testing::HasSubstr;

const SubjectNames kNames{{"ec2.ap-northeast-1.amazonaws.com", "*.ec2.ap-northeast-1.vpce.amazonaws.com"},
                          {IpAddress::from_v4(0x64400001), IpAddress::parse("fd00::1").value()}};

mode_t mode_of(const std::string& path) {
  struct stat info {};
  EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
  return info.st_mode & 07777;
}

class TlsTest : public ::testing::Test {
 protected:
  TlsTest() {
    char pattern[] = "/tmp/ginnel-tls-XXXXXX";
    folder_ = ::mkdtemp(pattern);
  }
  ~TlsTest() override { std::filesystem::remove_all(folder_); }

  Authority open() {
    Result<Authority> authority = Authority::open(folder_ + "/ca", clock_, random_);
    EXPECT_TRUE(authority) << authority.error().text();
    return std::move(*authority);
  }
  std::string open_error() {
    const Result<Authority> authority = Authority::open(folder_ + "/ca", clock_, random_);
    return authority ? "no error" : authority.error().text();
  }
  KeptCertificate ensure(const Authority& authority, const SubjectNames& names = kNames) {
    Result<KeptCertificate> kept = ensure_certificate(authority, folder_ + "/certs", "api", names, clock_, random_);
    EXPECT_TRUE(kept) << kept.error().text();
    return std::move(*kept);
  }
  // What OpenSSL's strict verification says about the certificate for a host; "ok" where it accepts.
  std::string verify(const Authority& authority, const std::string& pem, const std::string& host) {
    const CertificatePtr root = parse_certificate(authority.certificate_pem(), "").value();
    const CertificatePtr leaf = parse_certificate(pem, "").value();
    const std::unique_ptr<X509_STORE, Free<X509_STORE_free>> store(X509_STORE_new());
    X509_STORE_add_cert(store.get(), root.get());
    const std::unique_ptr<X509_STORE_CTX, Free<X509_STORE_CTX_free>> context(X509_STORE_CTX_new());
    X509_STORE_CTX_init(context.get(), store.get(), leaf.get(), nullptr);
    X509_VERIFY_PARAM* param = X509_STORE_CTX_get0_param(context.get());
    X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT | X509_V_FLAG_CHECK_SS_SIGNATURE);
    X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_SSL_SERVER);
    X509_VERIFY_PARAM_set_time(param, std::chrono::system_clock::to_time_t(clock_.now()));
    if (X509_VERIFY_PARAM_set1_ip_asc(param, host.c_str()) != 1) {
      X509_VERIFY_PARAM_set1_host(param, host.c_str(), host.size());
    }
    X509_verify_cert(context.get());
    return X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()));
  }

  std::string folder_;
  ManualClock clock_{WallTime(std::chrono::sys_days(std::chrono::year(2026) / 1 / 31))};
  SystemRandom random_;
};

TEST_F(TlsTest, TheAuthorityIsMadeOnceAndLoadedAfterwards) {
  const Authority first = open();
  EXPECT_THAT(first.name(), ::testing::MatchesRegex("Ginnel CA [0-9a-f]{16}"));
  EXPECT_EQ(mode_of(folder_ + "/ca/ca.key"), 0600U);
  EXPECT_EQ(mode_of(folder_ + "/ca"), 0711U);
  EXPECT_EQ(first.certificate_path(), folder_ + "/ca/ca.crt");
  const Authority second = open();
  EXPECT_EQ(second.certificate_pem(), first.certificate_pem());
}

TEST_F(TlsTest, TheAuthorityLivesTenYears) {
  open();
  clock_.advance(hours(24 * 365 * 10));
  EXPECT_EQ(open_error(), "no error");
  clock_.advance(hours(24 * 4));
  EXPECT_THAT(open_error(), HasSubstr("ca.crt: expired at 2036-01-31T00:00:00.000Z"));
}

TEST_F(TlsTest, StrictVerificationAcceptsEveryNameAndNoOther) {
  const Authority authority = open();
  const Certificate issued = authority.issue(kNames, clock_, random_).value();
  for (const char* host : {"ec2.ap-northeast-1.amazonaws.com", "vpce-1-a.ec2.ap-northeast-1.vpce.amazonaws.com",
                           "100.64.0.1", "fd00::1"}) {
    EXPECT_EQ(verify(authority, issued.chain, host), "ok") << host;
  }
  EXPECT_EQ(verify(authority, issued.chain, "sts.ap-northeast-1.amazonaws.com"), "hostname mismatch");
  EXPECT_EQ(verify(authority, issued.chain, "a.b.ec2.ap-northeast-1.vpce.amazonaws.com"), "hostname mismatch");
  EXPECT_EQ(verify(authority, issued.chain, "100.64.0.2"), "IP address mismatch");
}

TEST_F(TlsTest, ACertificateEndsBefore398Days) {
  const Authority authority = open();
  const Certificate issued = authority.issue(kNames, clock_, random_).value();
  const CertificatePtr leaf = parse_certificate(issued.chain, "").value();
  int days = 0, seconds = 0;
  ASSERT_EQ(ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(leaf.get()), X509_get0_notAfter(leaf.get())), 1);
  EXPECT_EQ(days, 396);
  clock_.advance(hours(24 * 397));
  EXPECT_EQ(verify(authority, issued.chain, "100.64.0.1"), "certificate has expired");
}

TEST_F(TlsTest, ACertificateDoesNotOutliveItsAuthority) {
  const Authority authority = open();
  clock_.advance(hours(24 * 3600));
  const CertificatePtr leaf = parse_certificate(authority.issue(kNames, clock_, random_)->chain, "").value();
  EXPECT_EQ(expiry_of(leaf.get()), clock_.now() + hours(24 * 52));
}

TEST_F(TlsTest, AnotherAuthorityIsNotTrusted) {
  const Authority ours = open();
  const Authority theirs = Authority::open(folder_ + "/other", clock_, random_).value();
  const Certificate issued = theirs.issue(kNames, clock_, random_).value();
  EXPECT_EQ(verify(ours, issued.chain, "100.64.0.1"), "unable to get local issuer certificate");
  EXPECT_FALSE(ours.has_signed(issued.chain));
  EXPECT_TRUE(theirs.has_signed(issued.chain));
}

TEST_F(TlsTest, NamesThatCannotStandInACertificateAreRefusedByName) {
  const Authority authority = open();
  for (const char* bad : {"", "Upper.example", "a..b", "a.b.", "-a.example", "a-.example", "a b", "*.com", "a.*.com",
                          "*", "x*.example.com", "name\n.example", "DNS:a,IP:1.2.3.4"}) {
    const Result<Certificate> refused = authority.issue({{bad}, {}}, clock_, random_);
    ASSERT_FALSE(refused) << bad;
    EXPECT_EQ(refused.error().text(), "issue certificate for \"" + std::string(bad) + "\": not a lower-case DNS name");
  }
  const std::string long_label = std::string(64, 'a') + ".example";
  EXPECT_FALSE(authority.issue({{long_label}, {}}, clock_, random_));
  EXPECT_FALSE(authority.issue({}, clock_, random_));
}

TEST_F(TlsTest, LongNamesGetACertificateWithoutACommonName) {
  const Authority authority = open();
  const std::string name = std::string(60, 'a') + "." + std::string(60, 'b') + ".example.com";
  const Certificate issued = authority.issue({{name}, {}}, clock_, random_).value();
  EXPECT_EQ(verify(authority, issued.chain, name), "ok");
}

TEST_F(TlsTest, BrokenAuthorityFilesAreErrorsThatNameTheFile) {
  const Authority authority = open();
  const std::string certificate = folder_ + "/ca/ca.crt", key = folder_ + "/ca/ca.key";
  const std::string certificate_pem = read_file(certificate).value(), key_pem = read_file(key).value();

  ASSERT_TRUE(write_file_atomically(certificate, certificate_pem.substr(0, 300), 0644));
  EXPECT_THAT(open_error(), HasSubstr("read certificate " + certificate + ": not a whole PEM certificate"));
  ASSERT_TRUE(write_file_atomically(certificate, "", 0644));
  EXPECT_THAT(open_error(), HasSubstr(certificate));
  ASSERT_TRUE(write_file_atomically(certificate, authority.issue(kNames, clock_, random_)->chain, 0644));
  EXPECT_THAT(open_error(), HasSubstr(certificate + ": the certificate is not one of an authority"));
  ASSERT_TRUE(write_file_atomically(certificate, certificate_pem, 0644));

  ASSERT_TRUE(write_file_atomically(key, key_pem.substr(0, 100), 0600));
  EXPECT_THAT(open_error(), HasSubstr("read private key " + key + ": not a whole PEM private key"));
  ASSERT_TRUE(write_file_atomically(key, key_to_pem(make_key()->get()).value(), 0600));
  EXPECT_THAT(open_error(), HasSubstr("the key in " + key + " belongs to another certificate"));
  std::filesystem::remove(key);
  EXPECT_EQ(open_error(), "open " + key + ": No such file or directory");

  ASSERT_TRUE(write_file_atomically(key, key_pem, 0600));
  EXPECT_EQ(open_error(), "no error");
}

TEST_F(TlsTest, AFirstStartThatWasCutShortIsDoneAgain) {
  open();
  std::filesystem::remove(folder_ + "/ca/ca.crt");
  EXPECT_EQ(open_error(), "no error");
}

TEST_F(TlsTest, KeptCertificatesStayWhileTheyServe) {
  const Authority authority = open();
  const KeptCertificate first = ensure(authority);
  EXPECT_EQ(first.reissued_because, folder_ + "/certs/api.crt did not exist");
  EXPECT_EQ(mode_of(first.key_path), 0600U);
  SubjectNames same = kNames;
  std::reverse(same.dns.begin(), same.dns.end());
  same.dns.push_back(same.dns.front());
  const KeptCertificate second = ensure(authority, same);
  EXPECT_EQ(second.reissued_because, "");
  EXPECT_EQ(second.certificate.chain, first.certificate.chain);
  EXPECT_EQ(second.certificate.key, first.certificate.key);
  EXPECT_EQ(second.expires, clock_.now() + hours(24 * 396));
}

TEST_F(TlsTest, KeptCertificatesAreMadeAnewWithAReason) {
  const Authority authority = open();
  KeptCertificate kept = ensure(authority);

  SubjectNames more = kNames;
  more.dns.emplace_back("sts.amazonaws.com");
  kept = ensure(authority, more);
  EXPECT_EQ(kept.reissued_because, "the names of " + kept.certificate_path + " changed");
  EXPECT_EQ(verify(authority, kept.certificate.chain, "sts.amazonaws.com"), "ok");

  clock_.advance(hours(24 * 366));
  EXPECT_EQ(ensure(authority, more).reissued_because, "");
  clock_.advance(hours(1));
  EXPECT_EQ(ensure(authority, more).reissued_because, kept.certificate_path + " has 29 days left");

  const Authority other = Authority::open(folder_ + "/other", clock_, random_).value();
  EXPECT_EQ(ensure(other, more).reissued_because,
            kept.certificate_path + " is signed by another authority than " + other.certificate_path());
}

TEST_F(TlsTest, BrokenKeptCertificatesAreNamedAndReplaced) {
  const Authority authority = open();
  const KeptCertificate first = ensure(authority);
  ASSERT_TRUE(write_file_atomically(first.certificate_path, first.certificate.chain.substr(0, 200), 0644));
  EXPECT_THAT(ensure(authority).reissued_because, HasSubstr(first.certificate_path + ": not a whole PEM certificate"));
  ASSERT_TRUE(write_file_atomically(first.key_path, "", 0600));
  EXPECT_THAT(ensure(authority).reissued_because, HasSubstr(first.key_path + ": not a whole PEM private key"));
  // The pair that a crash between the two writes leaves.
  ASSERT_TRUE(write_file_atomically(first.key_path, first.certificate.key, 0600));
  EXPECT_EQ(ensure(authority).reissued_because, first.key_path + " is not the key of " + first.certificate_path);
  EXPECT_EQ(ensure(authority).reissued_because, "");
}

TEST_F(TlsTest, AFileNameCannotLeaveTheFolder) {
  const Authority authority = open();
  for (const char* bad : {"", "../x", "a/b", ".hidden"}) {
    EXPECT_FALSE(ensure_certificate(authority, folder_ + "/certs", bad, kNames, clock_, random_)) << bad;
  }
}

}  // namespace
}  // namespace ginnel::tls
