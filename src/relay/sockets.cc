#include "relay/sockets.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>

namespace ginnel::relay {
namespace {

constexpr int kBacklog = 4096;
constexpr int kKeepAliveIdle_s = 120, kKeepAliveInterval_s = 15, kKeepAliveCount = 4;

void set(int fd, int level, int option, int value) {
  // Each is a wish that cannot fail on a TCP socket of Linux, and the relay works without it.
  (void)::setsockopt(fd, level, option, &value, sizeof value);
}

socklen_t to_native(const SocketAddress& address, sockaddr_storage& out) {
  out = {};
  if (address.address.is_v4()) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(out);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(address.port);
    v4.sin_addr.s_addr = htonl(address.address.v4());
    return sizeof v4;
  }
  auto& v6 = reinterpret_cast<sockaddr_in6&>(out);
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(address.port);
  std::copy_n(address.address.bytes().begin(), 16, v6.sin6_addr.s6_addr);
  return sizeof v6;
}

Result<UniqueFd> tcp_socket(const SocketAddress& address) {
  const int family = address.address.is_v4() ? AF_INET : AF_INET6;
  UniqueFd fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  if (!fd) return fail_errno("make socket for", address.to_string());
  return fd;
}

}  // namespace

std::string SocketAddress::to_string() const {
  return address.is_v4() ? fmt::format("{}:{}", address.to_string(), port)
                         : fmt::format("[{}]:{}", address.to_string(), port);
}

Result<UniqueFd> listen_tcp(const SocketAddress& address) {
  GINNEL_TRY(UniqueFd fd, tcp_socket(address));
  set(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  set(fd.get(), IPPROTO_IP, IP_FREEBIND, 1);  // serves both families
  if (!address.address.is_v4()) set(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1);
  sockaddr_storage native;
  const socklen_t size = to_native(address, native);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&native), size) != 0 || ::listen(fd.get(), kBacklog) != 0) {
    return fail_errno("listen on", address.to_string());
  }
  return fd;
}

Result<UniqueFd> start_connect(const SocketAddress& address) {
  GINNEL_TRY(UniqueFd fd, tcp_socket(address));
  sockaddr_storage native;
  const socklen_t size = to_native(address, native);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&native), size) != 0 && errno != EINPROGRESS) {
    return fail_errno("connect", address.to_string());
  }
  return fd;
}

int connect_error(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
  return error;
}

void tune(int fd) {
  set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set(fd, IPPROTO_TCP, TCP_KEEPIDLE, kKeepAliveIdle_s);
  set(fd, IPPROTO_TCP, TCP_KEEPINTVL, kKeepAliveInterval_s);
  set(fd, IPPROTO_TCP, TCP_KEEPCNT, kKeepAliveCount);
}

void close_with_reset(UniqueFd fd) {
  const linger at_once{1, 0};
  (void)::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

size_t unsent_bytes(int fd) {
  int bytes = 0;
  if (::ioctl(fd, SIOCOUTQ, &bytes) != 0) return 0;
  return static_cast<size_t>(std::max(0, bytes));
}

Result<SocketAddress> local_address(int fd) {
  sockaddr_storage native{};
  socklen_t size = sizeof native;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&native), &size) != 0) return fail_errno("get name of", "socket");
  if (native.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(native);
    return SocketAddress{IpAddress::from_v4(ntohl(v4.sin_addr.s_addr)), ntohs(v4.sin_port)};
  }
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(native);
  IpAddress::Bytes bytes;
  std::copy_n(v6.sin6_addr.s6_addr, 16, bytes.begin());
  return SocketAddress{IpAddress(bytes), ntohs(v6.sin6_port)};
}

}  // namespace ginnel::relay
