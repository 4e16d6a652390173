// What may carry a port that is not an instance's: somebody else's namespace, a new tap, a device that is there.
//
// Looks, and changes nothing. Errors name the place and say what is in the way.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "dataplane/links.h"
#include "dataplane/netns.h"
#include "planner/plan.h"

namespace ginnel::dataplane {

struct Place {
  plan::PortKind kind = plan::PortKind::pair;
  std::string netns;  // of a pair: the path
  uint64_t netns_inode = 0;
  std::string device;  // of a pair: inside
};

// Whether a port could be made there now: the namespace is there and has no device of the name, no device is in the way
// of the tap, the device is as find_free_device() has it. Gives the inode of the namespace; 0 without one.
Result<uint64_t> check_place(Netlink& netlink, const Namespaces& namespaces, const Place& place);
// The same from any thread, in the calling thread's network namespace.
Result<uint64_t> check_place(const std::string& tag, const Place& place);

// A device that carries Ethernet frames, is up, and that nobody else uses: no bridge, no region, not the host itself,
// which would be cut off.
Result<LinkInfo> find_free_device(Netlink& netlink, const std::string& name);

// fe80::/10
[[nodiscard]] bool is_link_local(const IpAddress& address);

}  // namespace ginnel::dataplane
