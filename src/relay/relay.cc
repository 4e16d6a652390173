#include "relay/relay.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>

#include "base/unix_socket.h"
#include "relay/control_server.h"
#include "relay/switchboard.h"

namespace ginnel::relay {
namespace {

constexpr size_t kOtherFds = 256;  // pipes in the pool, control connections, the resolver's
constexpr size_t kFdsPerConnection = 6;

// SIGTERM and SIGINT end the loop.
class SignalSource final : public EventSource {
 public:
  explicit SignalSource(EventLoop& loop) : loop_(loop) {}
  Status start() {
    sigset_t set;
    ::sigemptyset(&set);
    for (const int signal : {SIGTERM, SIGINT, SIGPIPE}) ::sigaddset(&set, signal);
    // SIGPIPE too, because splice(2) into a socket has no MSG_NOSIGNAL.
    if (const int code = ::pthread_sigmask(SIG_BLOCK, &set, nullptr); code != 0)
      return fail_errno("block", "signals", code);
    ::sigdelset(&set, SIGPIPE);
    fd_ = UniqueFd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!fd_) return fail_errno("make", "signalfd");
    return loop_.add(fd_.get(), EPOLLIN, *this);
  }
  void on_events(uint32_t) override {
    signalfd_siginfo info{};
    if (::read(fd_.get(), &info, sizeof info) == sizeof info) loop_.stop();
  }

 private:
  EventLoop& loop_;
  UniqueFd fd_;
};

// As many connections as file descriptors allow, at most what was asked for.
size_t raise_fd_limit(size_t wanted, Log& log) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return wanted;
  limit.rlim_cur = limit.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &limit);
  const size_t usable = limit.rlim_cur > 2 * kOtherFds ? limit.rlim_cur - kOtherFds : kOtherFds;
  const size_t possible = usable / kFdsPerConnection;
  if (possible < wanted) log.warning("at most {} connections, because of the limit of open files", possible);
  return std::min(wanted, possible);
}

Result<UniqueFd> lock_file(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) return fail_errno("open", path);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) return fail("lock", path, "another relay runs on this socket");
  return fd;
}

Status serve(const RelayOptions& options, Log& log) {
  GINNEL_TRY(const UniqueFd lock, lock_file(options.control_path + ".lock"));
  GINNEL_TRY(const std::unique_ptr<EventLoop> loop, EventLoop::make());
  SignalSource signals(*loop);
  GINNEL_CHECKED(signals.start());
  RelayLimits limits = options.limits;
  limits.connections = raise_fd_limit(limits.connections, log);
  Switchboard board(*loop, limits, log);
  GINNEL_TRY(UniqueFd listener, listen_unix(options.control_path, 0600));
  bool owns_path = true;
  const auto leave_path = [&] {
    if (std::exchange(owns_path, false)) ::unlink(options.control_path.c_str());
  };
  const auto on_retire = [&] {
    leave_path();
    // A successor may start at once, beside the last connections of this one.
    ::flock(lock.get(), LOCK_UN);
    log.info("relay retires: it carries its {} connections to their end", board.status().connections);
  };
  GINNEL_TRY(const auto control,
             ControlServer::start(*loop, board, std::move(listener), on_retire, [&loop] { loop->stop(); }));
  log.info("relay runs, pid {}, control {}", ::getpid(), options.control_path);
  loop->run();
  log.info("relay ends with {} connections", board.status().connections);
  leave_path();
  return {};
}

}  // namespace

int run(const RelayOptions& options, Log& log) {
  const Status served = serve(options, log);
  if (!served) log.error("relay: {}", served.error().text());
  return served ? 0 : 1;
}

}  // namespace ginnel::relay
