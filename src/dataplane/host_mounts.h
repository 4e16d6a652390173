// The mount namespace in which other programs of this machine look for named network namespaces.
//
// `ip netns exec X ginnel serve` puts the daemon into a mount namespace of its own: what it mounts there nobody else
// sees, and all of it goes when the daemon ends. So mounts (and everything below /run/netns and /etc/netns) are made
// in the host's mount namespace instead: that of process 1, or, where that may not be entered (a sandbox), that of
// the nearest ancestor which has another one than ours. Sources: mount_namespaces(7), setns(2), ip-netns(8).
#pragma once

#include <functional>

#include "base/result.h"
#include "base/unique_fd.h"

namespace ginnel::dataplane {

// Safe from any thread once found.
class HostMounts {
 public:
  // Looks once; keeps the namespace by its descriptor, so that it does not matter when the ancestor ends.
  static HostMounts find();

  // Whether the caller's own mount namespace is not the one that is used.
  [[nodiscard]] bool elsewhere() const { return static_cast<bool>(namespace_); }
  // Runs `work` there: at once if it is the caller's own, else on a thread that is gone afterwards.
  [[nodiscard]] Status run(const std::function<Status()>& work) const;

 private:
  UniqueFd namespace_;
};

// Runs `work` on a fresh thread and waits for it. What the thread changes of its own (namespaces) goes with it.
[[nodiscard]] Status on_own_thread(const std::function<Status()>& work);

}  // namespace ginnel::dataplane
