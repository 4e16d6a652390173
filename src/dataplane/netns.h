// Named network namespaces, as `ip netns` keeps them: a bind mount /run/netns/NAME, and /etc/netns/NAME/resolv.conf
// with the resolver that `ip netns exec` shows to programs in it.
//
// The first line of that resolv.conf names the region's tag: it marks the namespace as ours. It is written before the
// namespace is made and removed after it, so that what was begun is always found again. A namespace of the same name
// without the mark is never touched. Source: ip-netns(8) and iproute2's ipnetns.c.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "dataplane/host_mounts.h"

namespace ginnel::dataplane {

struct ResolverConfig {
  std::string nameserver;
  std::string search;  // may be empty
  friend auto operator<=>(const ResolverConfig&, const ResolverConfig&) = default;
};

struct NamedNamespace {
  std::string name;
  ResolverConfig resolver;
  bool stands = false;  // false: only the mark is there, as after a reboot
  friend auto operator<=>(const NamedNamespace&, const NamedNamespace&) = default;
};

// One thread at a time.
class Namespaces {
 public:
  Namespaces(const HostMounts& mounts, std::string tag) : mounts_(mounts), tag_(std::move(tag)) {}

  // Makes the namespace or takes the one that stands; IPv6 is off in it. Refuses a name that is somebody else's.
  Status ensure(const std::string& name, const ResolverConfig& resolver) const;
  // Only one of ours; ENOENT in Error::code if there is none.
  [[nodiscard]] Result<UniqueFd> open(const std::string& name) const;
  // Somebody else's, by its path as the host's mount namespace has it; `inode` is what it must be, 0 for any.
  [[nodiscard]] Result<UniqueFd> open_path(const std::string& path, uint64_t inode) const;
  // Everything of it; what is not there is as good as removed.
  Status remove(const std::string& name) const;
  // All that carry the tag, sorted, with what their resolv.conf says.
  [[nodiscard]] Result<std::vector<NamedNamespace>> list() const;

 private:
  [[nodiscard]] Status write_resolver(const std::string& name, const ResolverConfig& resolver) const;

  const HostMounts& mounts_;
  std::string tag_;
};

// Runs `work` inside the namespace, on a thread of its own.
[[nodiscard]] Status in_namespace(int namespace_fd, const std::function<Status()>& work);
[[nodiscard]] Result<uint64_t> inode_of(int namespace_fd);
// Turns IPv6 off: `device` "all" or one device, in the calling thread's network namespace.
[[nodiscard]] Status disable_ipv6(const std::string& device);
// Turns it on for one device, whose addresses come from the caller alone: no router is listened to.
[[nodiscard]] Status enable_ipv6(const std::string& device);

}  // namespace ginnel::dataplane
