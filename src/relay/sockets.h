// TCP sockets of the relay.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace ginnel::relay {

struct SocketAddress {
  IpAddress address;
  uint16_t port = 0;
  friend auto operator<=>(const SocketAddress&, const SocketAddress&) = default;
  [[nodiscard]] std::string to_string() const;  // "10.0.0.1:80", "[fd00::1]:80"
};

// Non-blocking; the address need not be there yet (IP_FREEBIND).
Result<UniqueFd> listen_tcp(const SocketAddress& address);
// Non-blocking and begun; writable once it is decided, see connect_error.
Result<UniqueFd> start_connect(const SocketAddress& address);
// The errno value of a connect that is decided; 0 where it succeeded.
[[nodiscard]] int connect_error(int fd);
// No delay, keep-alive.
void tune(int fd);
// Closes so that the peer gets a reset.
void close_with_reset(UniqueFd fd);
// Bytes that the peer has not acknowledged.
[[nodiscard]] size_t unsent_bytes(int fd);
// Where the socket is bound.
Result<SocketAddress> local_address(int fd);

}  // namespace ginnel::relay
