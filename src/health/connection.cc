#include "health/connection.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace ginnel::health {
namespace {

constexpr size_t kLongestAnswer = 256U << 10;  // bytes; what comes after them is not read
constexpr size_t kStatusLine = 12;             // "HTTP/1.1 200"

// PROXY protocol version 2: signature, version 2 with command LOCAL, family unspecified, no addresses.
constexpr char kLocalHeader[] = "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";
constexpr size_t kLocalHeaderSize = 16;
static_assert(sizeof kLocalHeader == kLocalHeaderSize + 1);

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

SocketAddress to_kernel(const IpAddress& address, uint16_t port) {
  SocketAddress out;
  if (address.is_v4()) {
    auto* v4 = reinterpret_cast<sockaddr_in*>(&out.storage);
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    v4->sin_addr.s_addr = htonl(address.v4());
    out.size = sizeof *v4;
  } else {
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&out.storage);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    std::memcpy(&v6->sin6_addr, address.bytes().data(), address.bytes().size());
    out.size = sizeof *v6;
  }
  return out;
}

// Of connect(): this host has nothing left to connect with.
bool is_our_own(int error) {
  return error == EADDRNOTAVAIL || error == EAGAIN || error == ENOBUFS || error == ENOMEM || error == EPERM;
}

Outcome timed_out() { return {false, "Target.Timeout", "Request timed out"}; }
Outcome of_error(int error) { return error == ETIMEDOUT ? timed_out() : failed_checks(); }

}  // namespace

Result<SslContext> make_ssl_context() {
  SslContext context(SSL_CTX_new(TLS_client_method()));
  if (!context) return fail("start", "TLS for health checks", "out of memory");
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_security_level(context.get(), 0);  // a target's old certificate is not judged either
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);
  return context;
}

Result<std::unique_ptr<Connection>> Connection::open(const plan::Probe& probe, const Matcher& matcher,
                                                     const IpAddress& source, SSL_CTX* context) {
  std::unique_ptr<Connection> out(new Connection(probe, matcher));
  GINNEL_CHECKED(out->connect(source));
  if (probe.protocol == plan::Probe::Protocol::https) {
    out->ssl_.reset(SSL_new(context));
    if (!out->ssl_ || SSL_set_fd(out->ssl_.get(), out->fd()) != 1) return fail("check", probe.target, "out of memory");
    SSL_set_connect_state(out->ssl_.get());
  }
  if (probe.protocol != plan::Probe::Protocol::tcp) {
    // As AWS's: the Host is the target itself.
    const std::string host = probe.target_address.to_string();
    out->request_ = fmt::format(
        "GET {} HTTP/1.1\r\nHost: {}:{}\r\nConnection: close\r\n"
        "User-Agent: ELB-HealthChecker/2.0\r\nAccept-Encoding: gzip, compressed\r\n\r\n",
        probe.path.empty() ? "/" : probe.path, probe.target_address.is_v4() ? host : "[" + host + "]", probe.port);
  }
  return out;
}

Status Connection::connect(const IpAddress& source) {
  const auto target = to_kernel(probe_.address, probe_.port);
  fd_.reset(::socket(target.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd_) return fail_errno("open a socket for", probe_.target);
  const linger reset{1, 0};
  ::setsockopt(fd(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  const int on = 1;
  // The port is chosen at connect(), where only the whole four-tuple must be free.
  ::setsockopt(fd(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  const auto from = to_kernel(source, 0);
  if (source != IpAddress() && ::bind(fd(), from.get(), from.size) != 0) {
    return fail_errno("bind", source.to_string());
  }
  if (::connect(fd(), target.get(), target.size) == 0) {
    established_ = true;
  } else if (errno != EINPROGRESS) {
    if (is_our_own(errno)) return fail_errno("connect to", probe_.address.to_string());
    outcome_ = of_error(errno);
  }
  events_ = EPOLLOUT;
  return {};
}

bool Connection::proceed() {
  switch (step_) {
    case Step::connecting:
      return finish_connect();
    case Step::greeting:
      return greet();
    case Step::handshake:
      return shake_hands();
    case Step::asking:
      return ask();
    case Step::reading:
      return read();
  }
  return false;
}

bool Connection::finish_connect() {
  if (!outcome_.reason.empty()) return true;
  if (!established_) {
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(fd(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    if (error != 0) return end(of_error(error));
    established_ = true;
  }
  step_ = Step::greeting;
  return greet();
}

bool Connection::greet() {
  if (probe_.proxy_header) {
    // The first bytes on a connection always have room.
    const ssize_t sent = ::send(fd(), kLocalHeader, kLocalHeaderSize, MSG_NOSIGNAL);
    if (sent != static_cast<ssize_t>(kLocalHeaderSize)) return end(failed_checks());
  }
  if (probe_.protocol == plan::Probe::Protocol::tcp) return end({true, "", ""});
  step_ = ssl_ ? Step::handshake : Step::asking;
  return proceed();
}

bool Connection::shake_hands() {
  const int result = SSL_do_handshake(ssl_.get());
  if (result != 1) return over_tls(result);
  step_ = Step::asking;
  return ask();
}

bool Connection::over_tls(int result) {
  const int error = SSL_get_error(ssl_.get(), result);
  ERR_clear_error();
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
    events_ = error == SSL_ERROR_WANT_READ ? EPOLLIN : EPOLLOUT;
    return false;
  }
  return answered() ? judge() : end(failed_checks());
}

bool Connection::ask() {
  while (!request_.empty()) {
    ssize_t sent = 0;
    if (ssl_) {
      sent = SSL_write(ssl_.get(), request_.data(), static_cast<int>(request_.size()));
      if (sent <= 0) return over_tls(static_cast<int>(sent));
    } else {
      sent = ::send(fd(), request_.data(), request_.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EAGAIN) return false;
      if (sent < 0) return end(failed_checks());
    }
    request_.erase(0, static_cast<size_t>(sent));
  }
  step_ = Step::reading;
  events_ = EPOLLIN;
  return read();
}

bool Connection::read() {
  char bytes[16384];
  for (;;) {
    ssize_t got = 0;
    if (ssl_) {
      got = SSL_read(ssl_.get(), bytes, sizeof bytes);
      if (got <= 0) return over_tls(static_cast<int>(got));
    } else {
      got = ::recv(fd(), bytes, sizeof bytes, 0);
      if (got < 0 && errno == EAGAIN) return false;
      if (got <= 0) return answered() ? judge() : end(failed_checks());
    }
    read_ += static_cast<size_t>(got);
    if (!answered()) {
      head_.append(bytes, std::min(static_cast<size_t>(got), kStatusLine));
      if (head_.size() >= kStatusLine && !read_status()) return end(failed_checks());
    }
    if (read_ > kLongestAnswer) return judge();
  }
}

// False: this is no answer of HTTP/1 (RFC 9112 section 4).
bool Connection::read_status() {
  if (!head_.starts_with("HTTP/1.") || head_[8] != ' ') return false;
  for (size_t at = 9; at < kStatusLine; ++at) {
    if (head_[at] < '0' || head_[at] > '9') return false;
    status_ = status_ * 10 + (head_[at] - '0');
  }
  return status_ >= 100;
}

bool Connection::judge() {
  if (matcher_.matches(status_)) return end({true, "", ""});
  return end(
      {false, "Target.ResponseCodeMismatch", fmt::format("Health checks failed with these codes: [{}]", status_)});
}

void Connection::expire() {
  if (answered()) {
    judge();
  } else {
    end(timed_out());
  }
}

bool Connection::end(Outcome outcome) {
  outcome_ = std::move(outcome);
  return true;
}

}  // namespace ginnel::health
