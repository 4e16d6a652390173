// A target for tests, on the loopback: answers connections as the test says, one after the other.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "base/check.h"
#include "base/unique_fd.h"

namespace ginnel::health::test {

class TestTarget {
 public:
  // Called in the target's thread with each accepted connection, which blocks, with a deadline.
  using Serve = std::function<void(int fd)>;

  explicit TestTarget(Serve serve, uint16_t port = 0) : serve_(std::move(serve)), stop_(::eventfd(0, EFD_CLOEXEC)) {
    fd_ = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    GINNEL_CHECK(::bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), size) == 0, "the target's port");
    GINNEL_CHECK(::listen(fd_.get(), 64) == 0, "the target's listener");
    ::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { loop(); });
  }
  ~TestTarget() {
    const uint64_t one = 1;
    (void)!::write(stop_.get(), &one, sizeof one);
    thread_.join();
  }
  [[nodiscard]] uint16_t port() const { return port_; }
  [[nodiscard]] int connections() const { return connections_; }

 private:
  void loop() {
    for (;;) {
      pollfd wait[] = {{stop_.get(), POLLIN, 0}, {fd_.get(), POLLIN, 0}};
      if (::poll(wait, 2, -1) < 0 || wait[0].revents != 0) return;
      const UniqueFd peer(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      const timeval deadline{10, 0};
      ::setsockopt(peer.get(), SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline);
      ++connections_;
      serve_(peer.get());
    }
  }

  Serve serve_;
  UniqueFd fd_, stop_;
  uint16_t port_ = 0;
  std::atomic<int> connections_ = 0;
  std::thread thread_;
};

// Up to the end of an HTTP request's head, or of what comes.
inline std::string read_head(const std::function<ssize_t(char*, size_t)>& read) {
  std::string out;
  char bytes[4096];
  while (out.find("\r\n\r\n", out.starts_with("\r\n\r\n") ? 16 : 0) == std::string::npos) {
    const ssize_t got = read(bytes, sizeof bytes);
    if (got <= 0) break;
    out.append(bytes, static_cast<size_t>(got));
  }
  return out;
}
inline std::string read_head(int fd) {
  return read_head([fd](char* out, size_t size) { return ::recv(fd, out, size, 0); });
}
inline void write_all(int fd, const std::string& text) { (void)!::send(fd, text.data(), text.size(), MSG_NOSIGNAL); }

// TLS of a server whose certificate nobody would trust: self-signed, without a name.
class TestTls {
 public:
  TestTls() {
    context_.reset(SSL_CTX_new(TLS_server_method()));
    key_.reset(EVP_EC_gen("P-256"));
    certificate_.reset(X509_new());
    X509_set_version(certificate_.get(), X509_VERSION_3);
    X509_gmtime_adj(X509_getm_notBefore(certificate_.get()), -7200);
    X509_gmtime_adj(X509_getm_notAfter(certificate_.get()), -3600);  // and expired
    X509_set_pubkey(certificate_.get(), key_.get());
    GINNEL_CHECK(X509_sign(certificate_.get(), key_.get(), EVP_sha256()) > 0, "a certificate");
    GINNEL_CHECK(SSL_CTX_use_certificate(context_.get(), certificate_.get()) == 1, "a certificate");
    GINNEL_CHECK(SSL_CTX_use_PrivateKey(context_.get(), key_.get()) == 1, "a key");
  }

  // Reads a request's head and answers; the head.
  std::string serve(int fd, const std::string& answer) {
    const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context_.get()), SSL_free);
    SSL_set_fd(ssl.get(), fd);
    if (SSL_accept(ssl.get()) != 1) return "";
    auto head = read_head([&](char* out, size_t size) { return SSL_read(ssl.get(), out, static_cast<int>(size)); });
    SSL_write(ssl.get(), answer.data(), static_cast<int>(answer.size()));
    SSL_shutdown(ssl.get());
    return head;
  }

 private:
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_{nullptr, SSL_CTX_free};
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_{nullptr, EVP_PKEY_free};
  std::unique_ptr<X509, decltype(&X509_free)> certificate_{nullptr, X509_free};
};

}  // namespace ginnel::health::test
