// A response as bytes on the wire.
#pragma once

#include <string>

#include "base/clock.h"
#include "http/message.h"

namespace ginnel::http {

struct WireOptions {
  bool keep_alive = true;
  bool old_client = false;  // HTTP/1.0: keep-alive must be said
  bool head_only = false;   // the answer to HEAD
  WallTime now{};
};

// The head: status line, headers of the response, and Content-Length, Connection and Date by the server; a response's
// own versions of those are left out. A header that would break the message (line feeds, an empty or malformed name)
// makes it a 500 without a body.
struct WireResponse {
  std::string head;
  std::string body;
};
[[nodiscard]] WireResponse serialize(Response response, const WireOptions& options);

// RFC 9110 section 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT".
[[nodiscard]] std::string http_date(WallTime time);

}  // namespace ginnel::http
