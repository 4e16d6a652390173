#include "relay/client.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "base/unix_socket.h"
#include "relay/event_loop.h"
#include "relay/spawn.h"

namespace ginnel::relay {
namespace {

constexpr std::chrono::seconds kCallPatience{10}, kStartPatience{10};
constexpr std::chrono::milliseconds kStartStep{2};

class Call {
 public:
  static Result<Call> open(const std::string& path) {
    GINNEL_TRY(UniqueFd fd, connect_unix(path));
    return Call(path, std::move(fd));
  }

  Result<Reply> ask(const Command& command) {
    GINNEL_CHECKED(send(encode(command) + "\n"));
    std::string line;
    while (line.find('\n') == std::string::npos) {
      GINNEL_TRY(const std::string more, receive());
      if (more.empty()) return fail("ask relay on", path_, "it closed the connection");
      line += more;
    }
    return decode_reply(line);
  }

 private:
  Call(std::string path, UniqueFd fd)
      : path_(std::move(path)), fd_(std::move(fd)), deadline_(std::chrono::steady_clock::now() + kCallPatience) {}

  Status wait(short events) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - std::chrono::steady_clock::now());
    pollfd one{fd_.get(), events, 0};
    const int ready = ::poll(&one, 1, static_cast<int>(std::max<int64_t>(0, left.count())));
    if (ready < 0 && errno != EINTR) return fail_errno("ask relay on", path_);
    if (ready == 0) return fail_errno("ask relay on", path_, ETIMEDOUT);
    return {};
  }
  Status send(std::string_view bytes) {
    while (!bytes.empty()) {
      GINNEL_CHECKED(wait(POLLOUT));
      const ssize_t n = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n < 0 && (errno == EAGAIN || errno == EINTR)) continue;
      if (n < 0) return fail_errno("ask relay on", path_);
      bytes.remove_prefix(static_cast<size_t>(n));
    }
    return {};
  }
  // Empty at the end.
  Result<std::string> receive() {
    char chunk[65536];
    while (true) {
      GINNEL_CHECKED(wait(POLLIN));
      const ssize_t n = ::recv(fd_.get(), chunk, sizeof chunk, MSG_DONTWAIT);
      if (n >= 0) return std::string(chunk, static_cast<size_t>(n));
      if (errno != EAGAIN && errno != EINTR) return fail_errno("ask relay on", path_);
    }
  }

  std::string path_;
  UniqueFd fd_;
  SteadyTime deadline_;
};

Result<Reply> ask_once(const std::string& path, const Command& command) {
  GINNEL_TRY(Call call, Call::open(path));
  return call.ask(command);
}

Command command_of(const char* op) {
  Command command;
  command.op = op;
  return command;
}

bool nobody_listens(const Error& error) { return error.code == ENOENT || error.code == ECONNREFUSED; }

// A pidfd; none where the process is gone. The relay is not a child of ours, so there is no waitpid.
UniqueFd watch(int64_t pid) {
  return UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, static_cast<pid_t>(pid), 0)));
}

bool ends_within(const UniqueFd& process, std::chrono::milliseconds patience) {
  if (!process) return true;
  pollfd one{process.get(), POLLIN, 0};
  return ::poll(&one, 1, static_cast<int>(patience.count())) > 0;
}

Result<Reply> wait_until_it_answers(pid_t pid, const Launch& launch) {
  const UniqueFd process = watch(pid);
  const SteadyTime deadline = std::chrono::steady_clock::now() + kStartPatience;
  while (true) {
    const bool ended = ends_within(process, kStartStep);
    Result<Reply> reply = ask_once(launch.control_path, command_of("hello"));
    if (reply || !nobody_listens(reply.error())) return reply;
    if (ended) return fail("start relay", launch.executable, "it ended at once; see " + launch.log_path);
    if (std::chrono::steady_clock::now() > deadline) {
      return fail("start relay", launch.executable, "it does not answer; see " + launch.log_path);
    }
  }
}

Result<Reply> start(const Launch& launch) {
  std::vector<std::string> arguments{"relay", "--control", launch.control_path};
  arguments.insert(arguments.end(), launch.more_arguments.begin(), launch.more_arguments.end());
  GINNEL_TRY(const pid_t pid, spawn_detached(launch.executable, arguments, launch.log_path));
  return wait_until_it_answers(pid, launch);
}

}  // namespace

Result<Client> Client::find(const std::string& control_path) {
  GINNEL_TRY(const Reply reply, ask_once(control_path, command_of("hello")));
  Client client(control_path);
  client.pid_ = reply.pid;
  return client;
}

Result<Client> Client::ensure_running(const Launch& launch) {
  // Held while looking and starting: a second starter then finds the relay of the first.
  const std::string lock_path = launch.control_path + ".start";
  const UniqueFd lock(::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock) return fail_errno("open", lock_path);
  while (::flock(lock.get(), LOCK_EX) != 0) {
    if (errno != EINTR) return fail_errno("lock", lock_path);
  }
  Client client(launch.control_path);
  Result<Reply> hello = ask_once(launch.control_path, command_of("hello"));
  if (!hello && !nobody_listens(hello.error())) return tl::unexpected(std::move(hello).error());
  if (hello && hello->protocol != kProtocol) {
    GINNEL_CHECKED(ask_once(launch.control_path, command_of("retire")));
    hello = tl::unexpected(Error{});
  }
  if (!hello) {
    client.adopted_ = false;
    hello = start(launch);
    if (!hello) return tl::unexpected(std::move(hello).error());
  }
  client.pid_ = hello->pid;
  return client;
}

Status Client::set_services(const std::vector<plan::RelayService>& services, const IpAddress& system_address,
                            bool close_removed) {
  Command command = command_of("set_services");
  command.address = system_address;
  command.services = services;
  command.close_removed = close_removed;
  GINNEL_TRY(const Reply reply, ask_once(control_path_, command));
  if (!reply.ok) return fail("set relay services", "", reply.error);
  std::string failed;
  for (const ServiceStatus& service : reply.status.services) {
    if (!service.listening) failed += (failed.empty() ? "" : "; ") + service.counters.spec.name + ": " + service.error;
  }
  if (!failed.empty()) return fail("set relay services", "", failed);
  return {};
}

Result<RelayStatus> Client::status() {
  GINNEL_TRY(Reply reply, ask_once(control_path_, command_of("status")));
  if (!reply.ok) return fail("ask relay on", control_path_, reply.error);
  return std::move(reply.status);
}

Status Client::stop() {
  GINNEL_TRY(const Reply reply, ask_once(control_path_, command_of("stop")));
  if (ends_within(watch(reply.pid), kCallPatience)) return {};
  return fail_errno("stop relay on", control_path_, ETIMEDOUT);
}

}  // namespace ginnel::relay
