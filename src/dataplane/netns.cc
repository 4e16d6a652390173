#include "dataplane/netns.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

namespace ginnel::dataplane {
namespace {

constexpr const char* kRunDirectory = "/run/netns";
constexpr const char* kEtcDirectory = "/etc/netns";
constexpr uint32_t kNsfsMagic = 0x6e736673;  // NSFS_MAGIC of linux/magic.h

std::string run_path(const std::string& name) { return fmt::format("{}/{}", kRunDirectory, name); }
std::string etc_path(const std::string& name) { return fmt::format("{}/{}", kEtcDirectory, name); }
std::string resolver_path(const std::string& name) { return etc_path(name) + "/resolv.conf"; }
std::string mark_of(const std::string& tag) { return fmt::format("# ginnel {}", tag); }

Status check_name(const std::string& name) {
  if (name.empty() || name.size() > 200 || name.front() == '.' || name.find('/') != std::string::npos) {
    return fail("use", name, "not a name for a network namespace");
  }
  return {};
}

Status make_directory(const std::string& path) {
  if (mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) return fail_errno("make directory", path);
  return {};
}

// As iproute2 does: /run/netns is a shared mount, so that mount namespaces copied from this one see later changes.
Status prepare_run_directory() {
  GINNEL_CHECKED(make_directory(kRunDirectory));
  if (mount("", kRunDirectory, "none", MS_SHARED | MS_REC, nullptr) == 0) return {};
  if (errno != EINVAL) return fail_errno("share mount", kRunDirectory);
  if (mount(kRunDirectory, kRunDirectory, "none", MS_BIND | MS_REC, nullptr) != 0) {
    return fail_errno("bind mount", kRunDirectory);
  }
  if (mount("", kRunDirectory, "none", MS_SHARED | MS_REC, nullptr) != 0)
    return fail_errno("share mount", kRunDirectory);
  return {};
}

bool is_namespace(int fd) {
  struct statfs found {};
  return fstatfs(fd, &found) == 0 && static_cast<uint32_t>(found.f_type) == kNsfsMagic;
}

// The mark and the settings of a resolv.conf; nothing if it is not ours.
std::optional<ResolverConfig> read_resolver(const std::string& name, const std::string& tag) {
  std::ifstream file(resolver_path(name));
  std::string line;
  if (!std::getline(file, line) || line != mark_of(tag)) return std::nullopt;
  ResolverConfig out;
  while (std::getline(file, line)) {
    if (line.starts_with("nameserver ")) out.nameserver = line.substr(11);
    if (line.starts_with("search ")) out.search = line.substr(7);
  }
  return out;
}

// A switch of one device, in the calling thread's network namespace.
Status set_ipv6(const std::string& device, const char* name, char value) {
  const std::string path = fmt::format("/proc/sys/net/ipv6/conf/{}/{}", device, name);
  const UniqueFd file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file) return fail_errno("open", path);
  if (write(file.get(), &value, 1) != 1) return fail_errno("write", path);
  return {};
}

// To be called on a thread of its own: it ends up in the new namespace.
Status make_namespace(const std::string& name) {
  const std::string path = run_path(name);
  if (unshare(CLONE_NEWNET) != 0) return fail_errno("create network namespace", name);
  GINNEL_CHECKED(disable_ipv6("all"));
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_CREAT | O_CLOEXEC, 0));
  if (!file) return fail_errno("create", path);
  if (mount("/proc/thread-self/ns/net", path.c_str(), "none", MS_BIND, nullptr) != 0) {
    const int code = errno;
    unlink(path.c_str());
    return fail_errno("bind network namespace to", path, code);
  }
  return {};
}

}  // namespace

Status in_namespace(int namespace_fd, const std::function<Status()>& work) {
  return on_own_thread([&]() -> Status {
    if (setns(namespace_fd, CLONE_NEWNET) != 0) return fail_errno("enter", "network namespace");
    return work();
  });
}

Result<uint64_t> inode_of(int namespace_fd) {
  struct stat found {};
  if (fstat(namespace_fd, &found) != 0) return fail_errno("query", "network namespace");
  return static_cast<uint64_t>(found.st_ino);
}

Status disable_ipv6(const std::string& device) {
  auto status = set_ipv6(device, "disable_ipv6", '1');
  if (!status && status.error().code == ENOENT) return {};  // a kernel without IPv6
  return status;
}

Status enable_ipv6(const std::string& device) {
  GINNEL_CHECKED(set_ipv6(device, "accept_ra", '0'));
  GINNEL_CHECKED(set_ipv6(device, "autoconf", '0'));
  GINNEL_CHECKED(set_ipv6(device, "accept_dad", '0'));
  GINNEL_CHECKED(set_ipv6(device, "router_solicitations", '0'));
  return set_ipv6(device, "disable_ipv6", '0');
}

Status Namespaces::write_resolver(const std::string& name, const ResolverConfig& resolver) const {
  GINNEL_CHECKED(make_directory(kEtcDirectory));
  GINNEL_CHECKED(make_directory(etc_path(name)));
  const std::string path = resolver_path(name);
  const std::string fresh = path + ".ginnel";
  {
    std::ofstream file(fresh, std::ios::trunc);
    file << mark_of(tag_) << "\nnameserver " << resolver.nameserver << "\n";
    if (!resolver.search.empty()) file << "search " << resolver.search << "\n";
    file << "options edns0 timeout:2 attempts:3\n";
    file.close();
    if (!file) return fail("write", fresh, "the file could not be written whole");
  }
  if (rename(fresh.c_str(), path.c_str()) != 0) return fail_errno("rename", fresh);
  return {};
}

Status Namespaces::ensure(const std::string& name, const ResolverConfig& resolver) const {
  GINNEL_CHECKED(check_name(name));
  return mounts_.run([&]() -> Status {
    const bool ours = read_resolver(name, tag_).has_value();
    const UniqueFd standing(::open(run_path(name).c_str(), O_RDONLY | O_CLOEXEC));
    const bool stands = standing && is_namespace(standing.get());
    if (!ours && (stands || access(resolver_path(name).c_str(), F_OK) == 0)) {
      return fail("make network namespace", name, "one of this name exists that does not carry the tag " + tag_);
    }
    GINNEL_CHECKED(write_resolver(name, resolver));
    if (stands) return {};
    GINNEL_CHECKED(prepare_run_directory());
    return mounts_.elsewhere() ? make_namespace(name) : on_own_thread([&] { return make_namespace(name); });
  });
}

Result<UniqueFd> Namespaces::open(const std::string& name) const {
  GINNEL_CHECKED(check_name(name));
  UniqueFd out;
  GINNEL_CHECKED(mounts_.run([&]() -> Status {
    out.reset(::open(run_path(name).c_str(), O_RDONLY | O_CLOEXEC));
    if (!out) return fail_errno("open network namespace", name);
    if (!is_namespace(out.get())) return fail_errno("open network namespace", name, ENOENT);
    if (!read_resolver(name, tag_)) {
      return fail("open network namespace", name, "it does not carry the tag " + tag_);
    }
    return {};
  }));
  return out;
}

Result<UniqueFd> Namespaces::open_path(const std::string& path, uint64_t inode) const {
  UniqueFd out;
  GINNEL_CHECKED(mounts_.run([&]() -> Status {
    out.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!out) return fail_errno("open network namespace", path);
    if (!is_namespace(out.get())) return fail("open network namespace", path, "it is not one");
    GINNEL_TRY(const uint64_t found, inode_of(out.get()));
    if (inode == 0 || inode == found) return {};
    return fail("open network namespace", path, "another one stands there than the one that was attached");
  }));
  return out;
}

Status Namespaces::remove(const std::string& name) const {
  GINNEL_CHECKED(check_name(name));
  return mounts_.run([&]() -> Status {
    if (!read_resolver(name, tag_)) return {};
    const std::string path = run_path(name);
    // Not mounted (EINVAL) or not there (ENOENT): as good as removed.
    if (umount2(path.c_str(), MNT_DETACH) != 0 && errno != EINVAL && errno != ENOENT)
      return fail_errno("unmount", path);
    if (unlink(path.c_str()) != 0 && errno != ENOENT) return fail_errno("remove", path);
    const std::string resolver = resolver_path(name);
    if (unlink(resolver.c_str()) != 0 && errno != ENOENT) return fail_errno("remove", resolver);
    const std::string directory = etc_path(name);
    if (rmdir(directory.c_str()) != 0 && errno != ENOTEMPTY && errno != ENOENT) return fail_errno("remove", directory);
    return {};
  });
}

Result<std::vector<NamedNamespace>> Namespaces::list() const {
  std::vector<NamedNamespace> out;
  GINNEL_CHECKED(mounts_.run([&]() -> Status {
    std::error_code error;
    for (auto entry = std::filesystem::directory_iterator(kEtcDirectory, error);
         !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
      const std::string name = entry->path().filename();
      auto resolver = read_resolver(name, tag_);
      if (!resolver) continue;
      const UniqueFd standing(::open(run_path(name).c_str(), O_RDONLY | O_CLOEXEC));
      out.push_back({name, std::move(*resolver), standing && is_namespace(standing.get())});
    }
    if (error && error != std::errc::no_such_file_or_directory) {
      return fail("list", kEtcDirectory, error.message());
    }
    return {};
  }));
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace ginnel::dataplane
