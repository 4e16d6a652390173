// teardown: ends the daemon and takes away what the region has in the kernel. The state directory stays.
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "base/log.h"
#include "base/unique_fd.h"
#include "cli/command.h"
#include "daemon/serve.h"

namespace ginnel::cli {
namespace {

constexpr int kPatience_ms = 60'000;

// The process id that the daemon's status tells.
Result<pid_t> daemon_pid(const boost::json::value& status) {
  const auto* object = status.if_object();
  const auto* pid = object == nullptr ? nullptr : object->if_contains("pid");
  if (pid == nullptr || !pid->is_int64()) return fail("ask the daemon", "", "its status has no 'pid'");
  return static_cast<pid_t>(pid->get_int64());
}

// Tells the daemon to end and waits until it has.
Status end_daemon(const Client& client) {
  auto status = client.get("/v1/status");
  if (!status) {
    const int code = status.error().code;
    if (code == ENOENT || code == ECONNREFUSED) return {};  // none runs
    return tl::unexpected(status.error());
  }
  GINNEL_TRY(const pid_t pid, daemon_pid(*status));
  const UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!process) return fail_errno("watch the daemon", std::to_string(pid));
  GINNEL_CHECKED(client.post("/v1/teardown", {}));
  pollfd end{process.get(), POLLIN, 0};
  const int count = ::poll(&end, 1, kPatience_ms);
  if (count < 0) return fail_errno("wait for the daemon", std::to_string(pid));
  if (count == 0) return fail("wait for the daemon", std::to_string(pid), "it does not end");
  return {};
}

// What the daemon could not take away is tried again, and its errors are ours.
Status tear_down(const Context& context) {
  GINNEL_CHECKED(end_daemon(context.client()));
  Log log = Log::to_stderr(LogLevel::warning);
  return daemon::teardown(context.state_dir, log);
}

}  // namespace

void add_teardown(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("teardown", "End the daemon and take the region out of the kernel");
  command->footer("Instances, ports, programs and the relay go; the state directory stays.");
  command->callback([&context] { context.finish(tear_down(context)); });
}

}  // namespace ginnel::cli
