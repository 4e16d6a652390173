// One HTTP/1.1 POST, plain or with TLS. Internal to this module.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ssl/context.hpp>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "notify/host_names.h"

namespace ginnel::notify {

struct Post {
  std::string host;       // for the Host header and the certificate
  std::string authority;  // "HOST" or "HOST:PORT"
  std::string target;     // path and query
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

// The status of the answer. Tries the endpoints in turn until one accepts. `tls` is nullptr for plain HTTP; else the
// server's certificate must be good for the host. All together within `patience`. An Error says what did not work.
boost::asio::awaitable<Result<unsigned>> post(Endpoints endpoints, Post what, boost::asio::ssl::context* tls,
                                              std::chrono::milliseconds patience);

}  // namespace ginnel::notify
