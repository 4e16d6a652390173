// A small blocking HTTP client for a socket file: what the command line needs to ask the daemon.
#pragma once

#include <chrono>
#include <string>

#include "base/result.h"
#include "http/message.h"

namespace ginnel::http {

// One request on a connection of its own. Any status is a success here: the caller looks at it. Errors name the
// socket: nobody listens (Error::code ENOENT or ECONNREFUSED), no whole answer within `patience` (ETIMEDOUT), not HTTP.
Result<Response> unix_call(const std::string& socket_path, const std::string& method, const std::string& target,
                           const std::string& body, const Headers& headers = {},
                           std::chrono::milliseconds patience = std::chrono::seconds(30));

}  // namespace ginnel::http
