#include "daemon/serve.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/version.h"
#include "daemon/daemon.h"

namespace ginnel::daemon {
namespace {

sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

// A check of each target may be under way at once, and each takes a descriptor.
void raise_descriptor_limit(Log& log) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) log.warning("the limit of open files stays at its soft value");
}

Status run(const ServeOptions& options, Log& log) {
  if (options.dataplane && geteuid() != 0) {
    return fail("start", "the data plane", "it needs root; --dataplane=off serves the API alone");
  }
  // Blocked before the first thread, so that only the wait below sees them.
  const auto signals = stop_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);

  raise_descriptor_limit(log);

  log.info("ginnel {} starts: region {}, state {}", version(), options.config.region, options.state_dir.string());
  GINNEL_TRY(auto daemon, Daemon::start(options, log, [] { kill(getpid(), SIGTERM); }));
  log.info("ready");
  int signal = 0;
  sigwait(&signals, &signal);
  log.info("stopping");
  const auto status = daemon->stop();
  daemon.reset();
  if (status) log.info("stopped");
  return status;
}

}  // namespace

int serve(const ServeOptions& options) {
  auto log = Log::to_stderr(options.log_level);
  const auto status = run(options, log);
  if (!status) log.error("{}", status.error().text());
  return status ? 0 : 1;
}

}  // namespace ginnel::daemon
