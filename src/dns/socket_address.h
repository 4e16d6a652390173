// An address with a port, between Ginnel's form and the kernel's.
#pragma once

#include <sys/socket.h>

#include <compare>
#include <cstdint>
#include <optional>
#include <string>

#include "base/ip.h"

namespace ginnel::dns {

struct SocketAddress {
  IpAddress address;
  uint16_t port = 53;
  friend auto operator<=>(const SocketAddress&, const SocketAddress&) = default;
};

// "192.0.2.1:53", "[2001:db8::1]:53".
[[nodiscard]] std::string to_string(const SocketAddress& address);

struct KernelAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};
[[nodiscard]] KernelAddress to_kernel(const SocketAddress& address);
// Nothing: another family.
[[nodiscard]] std::optional<SocketAddress> from_kernel(const sockaddr_storage& storage);

}  // namespace ginnel::dns
