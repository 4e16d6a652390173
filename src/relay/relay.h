// The relay process: carries connections to upstreams outside any VPC, at the level of TCP; TLS passes untouched.
//
// It is a process of its own (`ginnel relay --control SOCKET`) that the daemon starts and that outlives it, so that
// transfers go on while the daemon is restarted. It knows nothing but what it is told over its control socket.
#pragma once

#include <string>

#include "base/log.h"
#include "relay/service.h"

namespace ginnel::relay {

struct RelayOptions {
  std::string control_path;  // socket file, made with mode 0600; "PATH.lock" beside it is held while the relay lives
  RelayLimits limits;
};

// The main of the process: runs until it is told to stop, or by SIGTERM or SIGINT. Returns the exit code: 0 after an
// orderly end, 1 where it could not start, with the reason in the log. It takes the signals of the whole process.
int run(const RelayOptions& options, Log& log);

}  // namespace ginnel::relay
