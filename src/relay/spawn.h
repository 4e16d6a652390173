// Starts a process that outlives its starter: own session, no controlling terminal, adopted by init.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"

namespace ginnel::relay {

// Runs `executable` with `arguments` (without the name of the program): standard input is /dev/null, output and errors
// are appended to `log_path` (mode 0600), all other file descriptors are closed, signals are as at the start of a
// program. The process is in the namespaces of the calling thread. Returns its pid; an error also where exec failed.
Result<pid_t> spawn_detached(const std::string& executable, const std::vector<std::string>& arguments,
                             const std::string& log_path);

}  // namespace ginnel::relay
