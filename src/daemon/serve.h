// The daemon as the command line starts it.
#pragma once

#include <filesystem>
#include <string>

#include "base/log.h"
#include "base/result.h"
#include "config/config.h"

namespace ginnel::daemon {

struct ServeOptions {
  std::filesystem::path state_dir;
  config::Config config;
  bool dataplane = true;  // false: the API alone; no root needed
  LogLevel log_level = LogLevel::info;
  std::string executable;  // of `ginnel` itself: the relay is started from it
};

// Runs until SIGTERM or SIGINT, then stops cleanly; what is in the kernel and the relay stay (docs/decisions/0004).
// The exit code: 0, or 1 after an Error that was logged. To be called before the process has other threads.
int serve(const ServeOptions& options);

// Takes away what the region of this state directory has in the kernel, and its relay, while no daemon runs. What is
// gone already is no error.
Status teardown(const std::filesystem::path& state_dir, Log& log);

}  // namespace ginnel::daemon
