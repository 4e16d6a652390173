// Requests and responses of HTTP/1.1 (RFC 9112) as plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ip.h"

namespace ginnel::http {

struct Header {
  std::string name;   // as it was written
  std::string value;  // without white space at its ends, else as it was written
};

// In the order of the message, but headers of one name stand together, at the place of the first.
using Headers = std::vector<Header>;

// The value of the first header of this name (in any case), or nullptr. Valid while `headers` is not changed.
[[nodiscard]] const std::string* find_header(const Headers& headers, std::string_view name);

// Who is at the other end of a unix socket (SO_PEERCRED).
struct UnixPeer {
  int32_t pid = 0;
  uint32_t uid = 0, gid = 0;
};

struct Socket {
  IpAddress address;
  uint16_t port = 0;
  friend auto operator<=>(const Socket&, const Socket&) = default;
};

struct Request {
  std::string method;  // as written; case matters
  std::string target;  // as written: not decoded, not normalised
  Headers headers;
  std::string body;  // without the transfer coding
  bool tls = false;
  Socket peer, local;                 // not for a unix socket
  std::optional<UnixPeer> unix_peer;  // only for a unix socket
};

// The server adds Content-Length, Connection and Date; a response brings the rest.
struct Response {
  unsigned status = 200;
  Headers headers;
  std::string body;  // not sent where the method is HEAD or the status has no body
};

// "text/plain", one line.
[[nodiscard]] Response plain_response(unsigned status, std::string_view text);

}  // namespace ginnel::http
