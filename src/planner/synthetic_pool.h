// Synthetic addresses: the addresses by which the daemon tells apart who asks, one per network interface of the host.
#pragma once

#include <set>
#include <string>

#include "planner/plan.h"

namespace ginnel::plan {

// The first addresses of the range are kept for the daemon's own listeners.
inline constexpr uint64_t kSyntheticReserve = 16;

class SyntheticPool {
 public:
  // `facts` must outlive the pool.
  SyntheticPool(const HostPlan& host, const HostFacts& facts);

  // The interface's address in the facts, or else the lowest that nobody has; the same for the same interface only if
  // the caller keeps it in the facts. An Error where the range is used up.
  Result<IpAddress> assign(const std::string& interface_id);

 private:
  [[nodiscard]] bool usable(const IpAddress& address) const;

  const Cidr range_;
  const HostFacts& facts_;
  std::set<IpAddress> used_;
  uint64_t next_ = kSyntheticReserve;  // no lower offset is free
};

}  // namespace ginnel::plan
