#include "dns/socket_address.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

namespace ginnel::dns {

std::string to_string(const SocketAddress& address) {
  const std::string host = address.address.to_string();
  return address.address.is_v4() ? fmt::format("{}:{}", host, address.port)
                                 : fmt::format("[{}]:{}", host, address.port);
}

KernelAddress to_kernel(const SocketAddress& address) {
  KernelAddress out;
  if (address.address.is_v4()) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(address.port);
    in.sin_addr.s_addr = htonl(address.address.v4());
    out.size = sizeof in;
    std::memcpy(&out.storage, &in, sizeof in);
  } else {
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    in.sin6_port = htons(address.port);
    std::copy(address.address.bytes().begin(), address.address.bytes().end(), in.sin6_addr.s6_addr);
    out.size = sizeof in;
    std::memcpy(&out.storage, &in, sizeof in);
  }
  return out;
}

std::optional<SocketAddress> from_kernel(const sockaddr_storage& storage) {
  if (storage.ss_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &storage, sizeof in);
    return SocketAddress{IpAddress::from_v4(ntohl(in.sin_addr.s_addr)), ntohs(in.sin_port)};
  }
  if (storage.ss_family == AF_INET6) {
    sockaddr_in6 in{};
    std::memcpy(&in, &storage, sizeof in);
    IpAddress::Bytes bytes{};
    std::copy_n(in.sin6_addr.s6_addr, bytes.size(), bytes.begin());
    return SocketAddress{IpAddress(bytes), ntohs(in.sin6_port)};
  }
  return std::nullopt;
}

}  // namespace ginnel::dns
