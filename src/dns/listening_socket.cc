#include "dns/listening_socket.h"

#include <netinet/in.h>

namespace ginnel::dns {

Result<BoundSocket> bind_socket(const SocketAddress& address, int type) {
  const int family = address.address.is_v4() ? AF_INET : AF_INET6;
  BoundSocket out{UniqueFd(::socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)), address};
  if (!out.fd) return fail_errno("open a socket for", to_string(address));
  const int on = 1;
  // Lets a restarted daemon bind while old TCP connections are still going away; UDP needs none and would share.
  if (type == SOCK_STREAM && ::setsockopt(out.fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) {
    return fail_errno("set up a socket for", to_string(address));
  }
  if (family == AF_INET6 && ::setsockopt(out.fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0) {
    return fail_errno("set up a socket for", to_string(address));
  }
  const KernelAddress kernel = to_kernel(address);
  const std::string what = std::string("bind ") + (type == SOCK_STREAM ? "TCP" : "UDP");
  if (::bind(out.fd.get(), kernel.get(), kernel.size) != 0) return fail_errno(what, to_string(address));
  KernelAddress bound;
  bound.size = sizeof bound.storage;
  if (::getsockname(out.fd.get(), reinterpret_cast<sockaddr*>(&bound.storage), &bound.size) != 0) {
    return fail_errno(what, to_string(address));
  }
  if (const auto where = from_kernel(bound.storage)) out.address = *where;
  return out;
}

}  // namespace ginnel::dns
