#include "planner/synthetic_pool.h"

namespace ginnel::plan {

SyntheticPool::SyntheticPool(const HostPlan& host, const HostFacts& facts)
    : range_(host.synthetic_range), facts_(facts) {
  for (const auto& [id, address] : facts.synthetic) used_.insert(address);
}

// Facts of an earlier configuration may lie outside the range of today.
bool SyntheticPool::usable(const IpAddress& address) const {
  return range_.contains(address) && address >= range_.base().plus(kSyntheticReserve) && address != range_.last();
}

Result<IpAddress> SyntheticPool::assign(const std::string& interface_id) {
  const auto known = facts_.synthetic.find(interface_id);
  if (known != facts_.synthetic.end() && usable(known->second)) return known->second;
  for (; next_ + 1 < range_.size(); ++next_) {
    const IpAddress address = range_.base().plus(next_);
    if (!used_.insert(address).second) continue;
    ++next_;
    return address;
  }
  return fail("give a synthetic address to", interface_id, "all of " + range_.to_string() + " are in use");
}

}  // namespace ginnel::plan
