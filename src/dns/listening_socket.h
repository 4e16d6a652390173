// A bound socket, and where it is bound to.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"
#include "dns/socket_address.h"

namespace ginnel::dns {

struct BoundSocket {
  UniqueFd fd;            // non-blocking, closed on exec
  SocketAddress address;  // with the port that port 0 became
};

// `type` is SOCK_DGRAM or SOCK_STREAM.
Result<BoundSocket> bind_socket(const SocketAddress& address, int type);

}  // namespace ginnel::dns
