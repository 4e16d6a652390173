// Stream sockets with a name in the file system.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace ginnel {

// A connected socket, blocking, closed on exec. A missing file is ENOENT, a file that nobody listens on ECONNREFUSED
// in Error::code.
Result<UniqueFd> connect_unix(const std::string& path);

// A listening socket, non-blocking, closed on exec, with this file mode. A file left behind by a process that is gone
// is replaced; one that somebody listens on is an error (EADDRINUSE). Two callers that race need a lock of their own.
Result<UniqueFd> listen_unix(const std::string& path, mode_t mode);

}  // namespace ginnel
