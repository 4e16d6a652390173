// What the wire code needs of an HTTP request. Everything is as it was sent, nothing decoded.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ginnel::aws {

// Names in any case; a name may appear several times.
using Headers = std::vector<std::pair<std::string, std::string>>;

// Views into a request that outlives it.
struct RequestView {
  std::string_view method;
  std::string_view path;   // up to the '?', still percent-encoded
  std::string_view query;  // after the '?', still percent-encoded
  const Headers& headers;
  std::string_view body;
};

}  // namespace ginnel::aws
