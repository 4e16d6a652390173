// A service of the relay with its counters, and the limits that hold for all.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "planner/plan.h"

namespace ginnel::relay {

struct RelayLimits {
  size_t connections = 4000;                          // further ones are reset at once and counted
  std::chrono::milliseconds connect_timeout{10'000};  // for the name and all addresses of an upstream together
  std::chrono::milliseconds idle_timeout{3'600'000};  // a connection without a byte for so long is reset
  std::chrono::milliseconds abort_patience{2'000};    // how long the last bytes before a passed-on reset may take
};

// Shared by the listener and the connections that came through it; one thread.
struct Service {
  plan::RelayService spec;
  uint64_t open = 0;        // connections now
  uint64_t accepted = 0;    // connections ever
  uint64_t refused = 0;     // over the limit of connections
  uint64_t failed = 0;      // the upstream could not be reached
  uint64_t bytes_up = 0;    // to the upstream
  uint64_t bytes_down = 0;  // from the upstream
  std::string last_error;   // of the last connection that failed
};

}  // namespace ginnel::relay
