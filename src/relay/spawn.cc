#include "relay/spawn.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include "base/unique_fd.h"

namespace ginnel::relay {
namespace {

// What the children tell through the pipe.
struct Report {
  pid_t pid = 0;
  int error = 0;
};

// From here to exec only async-signal-safe calls: another thread may have held any lock at the fork.
struct Plan {
  const char* executable;
  char* const* arguments;
  char* const* environment;
  int input, log, report;
};

[[noreturn]] void report_and_exit(const Plan& plan, int error) {
  const Report report{0, error};
  (void)!::write(plan.report, &report, sizeof report);
  ::_exit(127);
}

void reset_signals() {
  struct sigaction standard {};
  standard.sa_handler = SIG_DFL;
  for (int signal = 1; signal < SIGRTMAX; ++signal) (void)::sigaction(signal, &standard, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  (void)::sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void become(const Plan& plan) {
  reset_signals();
  const Report report{::getpid(), 0};
  (void)!::write(plan.report, &report, sizeof report);
  if (::dup2(plan.input, 0) < 0 || ::dup2(plan.log, 1) < 0 || ::dup2(plan.log, 2) < 0) report_and_exit(plan, errno);
  // At exec, so that the report of a failed exec still gets through.
  if (::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) != 0) report_and_exit(plan, errno);
  (void)!::chdir("/");
  ::execve(plan.executable, plan.arguments, plan.environment);
  report_and_exit(plan, errno);
}

[[noreturn]] void detach(const Plan& plan) {
  if (::setsid() < 0) report_and_exit(plan, errno);
  const pid_t pid = ::fork();
  if (pid < 0) report_and_exit(plan, errno);
  if (pid == 0) become(plan);
  ::_exit(0);
}

Result<pid_t> read_reports(int fd, const std::string& executable) {
  pid_t pid = 0;
  while (true) {
    Report report;
    const ssize_t n = ::read(fd, &report, sizeof report);
    if (n < 0 && errno == EINTR) continue;
    if (n != sizeof report) break;  // exec closed the other end
    if (report.error != 0) return fail_errno("start", executable, report.error);
    pid = report.pid;
  }
  if (pid == 0) return fail("start", executable, "the new process ended at once");
  return pid;
}

struct Files {
  UniqueFd input, log, report_out, report_in;
};

Result<Files> open_files(const std::string& log_path) {
  Files files;
  files.input = UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!files.input) return fail_errno("open", "/dev/null");
  files.log = UniqueFd(::open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!files.log) return fail_errno("open", log_path);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno("make", "pipe");
  files.report_out = UniqueFd(ends[0]);
  files.report_in = UniqueFd(ends[1]);
  return files;
}

}  // namespace

Result<pid_t> spawn_detached(const std::string& executable, const std::vector<std::string>& arguments,
                             const std::string& log_path) {
  GINNEL_TRY(Files files, open_files(log_path));
  std::vector<std::string> texts{executable};
  texts.insert(texts.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  const Plan plan{executable.c_str(), pointers.data(), environ,
                  files.input.get(),  files.log.get(), files.report_in.get()};
  // Twice, so that init and not this process has to wait for it.
  const pid_t between = ::fork();
  if (between < 0) return fail_errno("start", executable);
  if (between == 0) detach(plan);
  files.report_in.reset();
  int status = 0;
  while (::waitpid(between, &status, 0) < 0 && errno == EINTR) {
  }
  return read_reports(files.report_out.get(), executable);
}

}  // namespace ginnel::relay
