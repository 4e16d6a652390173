#include "dataplane/host_mounts.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <optional>
#include <string>
#include <system_error>
#include <thread>

namespace ginnel::dataplane {
namespace {

std::optional<ino_t> inode_of(const std::string& path) {
  struct stat found {};
  if (stat(path.c_str(), &found) != 0) return std::nullopt;
  return found.st_ino;
}

// 0 where it cannot be read. The name of a process may hold anything, so fields are counted after its last ')'.
pid_t parent_of(pid_t process) {
  std::ifstream file(fmt::format("/proc/{}/stat", process));
  std::string line;
  std::getline(file, line);
  const size_t after = line.rfind(')');
  if (after == std::string::npos || line.size() < after + 4) return 0;
  const size_t space = line.find(' ', after + 2);
  return space == std::string::npos ? 0 : static_cast<pid_t>(std::strtol(line.c_str() + space, nullptr, 10));
}

}  // namespace

HostMounts HostMounts::find() {
  HostMounts out;
  const auto own = inode_of("/proc/self/ns/mnt");
  const auto take = [&](pid_t process) {
    out.namespace_.reset(open(fmt::format("/proc/{}/ns/mnt", process).c_str(), O_RDONLY | O_CLOEXEC));
  };
  if (const auto first = inode_of("/proc/1/ns/mnt")) {
    if (first != own) take(1);
    return out;
  }
  for (pid_t process = getppid(); process > 1; process = parent_of(process)) {
    const auto theirs = inode_of(fmt::format("/proc/{}/ns/mnt", process));
    if (theirs && theirs != own) {
      take(process);
      break;
    }
  }
  return out;
}

Status on_own_thread(const std::function<Status()>& work) {
  Status out;
  try {
    std::thread([&] { out = work(); }).join();
  } catch (const std::system_error& error) {
    return fail_errno("start", "thread", error.code().value());
  }
  return out;
}

Status HostMounts::run(const std::function<Status()>& work) const {
  if (!namespace_) return work();
  return on_own_thread([&]() -> Status {
    // A thread may only change its mount namespace when it shares its working directory with no other.
    if (unshare(CLONE_FS) != 0) return fail_errno("unshare", "working directory");
    if (setns(namespace_.get(), CLONE_NEWNS) != 0) return fail_errno("enter", "the host's mount namespace");
    return work();
  });
}

}  // namespace ginnel::dataplane
