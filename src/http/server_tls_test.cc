#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <filesystem>

#include "base/file.h"
#include "http/server.h"
#include "http/test_client.h"
#include "tls/openssl.h"

namespace ginnel::http {
namespace {

using tls::Free;

const IpAddress kLoopback = IpAddress::from_v4(INADDR_LOOPBACK);

// An OpenSSL client that trusts one authority and insists on a host name.
class TlsClient {
 public:
  TlsClient(uint16_t port, const std::string& authority_file, const std::string& host, int highest = 0)
      : fd_(connect_loopback(port)),
        context_(SSL_CTX_new(TLS_client_method())),
        reader_([this](char* out, size_t size) { return SSL_read(ssl_.get(), out, static_cast<int>(size)); }) {
    SSL_CTX_load_verify_locations(context_.get(), authority_file.c_str(), nullptr);
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_security_level(context_.get(), 0);
    if (highest) SSL_CTX_set_max_proto_version(context_.get(), highest);
    ssl_.reset(SSL_new(context_.get()));
    SSL_set1_host(ssl_.get(), host.c_str());
    SSL_set_tlsext_host_name(ssl_.get(), host.c_str());
    X509_VERIFY_PARAM_set_flags(SSL_get0_param(ssl_.get()), X509_V_FLAG_X509_STRICT);
    static constexpr unsigned char kProtocols[] = "\x02h2\x08http/1.1";
    SSL_set_alpn_protos(ssl_.get(), kProtocols, sizeof kProtocols - 1);
    SSL_set_fd(ssl_.get(), fd_.get());
    connected_ = SSL_connect(ssl_.get()) == 1;
    ERR_clear_error();
  }
  Response ask(const std::string& bytes) {
    SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()));
    return reader_.next();
  }
  [[nodiscard]] bool connected() const { return connected_; }
  [[nodiscard]] std::string verdict() const { return X509_verify_cert_error_string(SSL_get_verify_result(ssl_.get())); }
  [[nodiscard]] std::string protocol() const { return SSL_get_version(ssl_.get()); }
  [[nodiscard]] std::string alpn() const {
    const unsigned char* text = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &text, &size);
    return {reinterpret_cast<const char*>(text), size};
  }
  ResponseReader& reader() { return reader_; }

 private:
  UniqueFd fd_;
  std::unique_ptr<SSL_CTX, Free<SSL_CTX_free>> context_;
  std::unique_ptr<SSL, Free<SSL_free>> ssl_;
  ResponseReader reader_;
  bool connected_ = false;
};

const std::string kGet = "GET /x HTTP/1.1\r\nHost: h\r\n\r\n";

class TlsServerTest : public ::testing::Test {
 protected:
  TlsServerTest()
      : server_(
            ServerOptions{2, limits()},
            [](const Request& request, Responder responder) {
              responder.send({200, {}, (request.tls ? "tls " : "plain ") + request.target + request.body});
            },
            clock_, log_) {
    char pattern[] = "/tmp/ginnel-https-XXXXXX";
    folder_ = ::mkdtemp(pattern);
    authority_.emplace(tls::Authority::open(folder_, clock_, random_).value());
  }
  ~TlsServerTest() override { std::filesystem::remove_all(folder_); }

  static Limits limits() {
    Limits out;
    out.handshake = std::chrono::milliseconds(500);
    return out;
  }
  uint16_t start(const std::string& name) {
    use_certificate_for(name);
    return server_.listen({kLoopback, 0, true, false})->port;
  }
  void use_certificate_for(const std::string& name) {
    const Status set = server_.set_certificate(authority_->issue({{name}, {}}, clock_, random_).value());
    ASSERT_TRUE(set) << set.error().text();
  }
  TlsClient client(uint16_t port, const std::string& host, int highest = 0) {
    return {port, authority_->certificate_path(), host, highest};
  }

  SystemClock clock_;
  SystemRandom random_;
  Log log_ = Log::discard();
  Server server_;
  std::string folder_;
  std::optional<tls::Authority> authority_;
};

TEST_F(TlsServerTest, ClientsThatTrustTheAuthorityAreServed) {
  TlsClient peer = client(start("ec2.example"), "ec2.example");
  ASSERT_TRUE(peer.connected()) << peer.verdict();
  EXPECT_EQ(peer.protocol(), "TLSv1.3");
  EXPECT_EQ(peer.alpn(), "http/1.1");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(peer.ask(kGet).body, "tls /x");
}

TEST_F(TlsServerTest, Tls12IsServedAndOlderIsNot) {
  const uint16_t port = start("ec2.example");
  TlsClient peer = client(port, "ec2.example", TLS1_2_VERSION);
  EXPECT_TRUE(peer.connected());
  EXPECT_EQ(peer.protocol(), "TLSv1.2");
  EXPECT_EQ(peer.ask(kGet).body, "tls /x");
  EXPECT_FALSE(client(port, "ec2.example", TLS1_1_VERSION).connected());
}

TEST_F(TlsServerTest, AClientRefusesAnotherHost) {
  TlsClient peer = client(start("ec2.example"), "sts.example");
  EXPECT_FALSE(peer.connected());
  EXPECT_EQ(peer.verdict(), "hostname mismatch");
}

TEST_F(TlsServerTest, AClientRefusesAnotherAuthority) {
  const tls::Authority other = tls::Authority::open(folder_ + "/other", clock_, random_).value();
  const TlsClient peer(start("ec2.example"), other.certificate_path(), "ec2.example");
  EXPECT_FALSE(peer.connected());
  EXPECT_EQ(peer.verdict(), "unable to get local issuer certificate");
}

TEST_F(TlsServerTest, ANewCertificateIsForNewConnections) {
  const uint16_t port = start("old.example");
  TlsClient before = client(port, "old.example");
  ASSERT_TRUE(before.connected());
  use_certificate_for("new.example");
  EXPECT_TRUE(client(port, "new.example").connected());
  EXPECT_FALSE(client(port, "old.example").connected());
  EXPECT_EQ(before.ask(kGet).body, "tls /x");
}

TEST_F(TlsServerTest, BigBodiesOverTls) {
  TlsClient peer = client(start("ec2.example"), "ec2.example");
  const std::string body(3U << 20, 'b');
  const Response response =
      peer.ask("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  EXPECT_EQ(response.body.size(), body.size() + 5);
}

TEST_F(TlsServerTest, ATooLongBodyOverTlsIsRefusedReadably) {
  TlsClient peer = client(start("ec2.example"), "ec2.example");
  const Response response =
      peer.ask("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 16777217\r\n\r\n" + std::string(1000, 'b'));
  EXPECT_EQ(response.status, 413U);
}

TEST_F(TlsServerTest, PlainTextOnATlsPortEndsTheConnectionOnly) {
  const uint16_t port = start("ec2.example");
  PlainClient plain(port);
  EXPECT_EQ(plain.ask(kGet).status, 0U);
  EXPECT_TRUE(client(port, "ec2.example").connected());
}

TEST_F(TlsServerTest, AHandshakeThatDoesNotComeIsEnded) {
  PlainClient silent(start("ec2.example"));
  EXPECT_TRUE(silent.reader().ends());
  EXPECT_TRUE(eventually([this] { return server_.counters().timeouts == 1; }));
}

TEST_F(TlsServerTest, ATlsListenerNeedsACertificate) {
  const Result<Socket> refused = server_.listen({kLoopback, 0, true, false});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().text(), "listen with TLS on 127.0.0.1:0: no certificate is set");
  tls::Certificate mixed = authority_->issue({{"a.example"}, {}}, clock_, random_).value();
  mixed.key = authority_->issue({{"a.example"}, {}}, clock_, random_)->key;
  EXPECT_FALSE(server_.set_certificate(mixed));
  EXPECT_FALSE(server_.set_certificate({"nonsense", "nonsense"}));
}

TEST_F(TlsServerTest, ATlsListenerMayWaitForItsAddress) {
  use_certificate_for("ec2.example");
  const IpAddress absent = IpAddress::parse("192.0.2.77").value();
  EXPECT_FALSE(server_.listen({absent, 0, true, false}));
  EXPECT_TRUE(server_.listen({absent, 0, true, true}));
}

}  // namespace
}  // namespace ginnel::http
