// The pairs of network devices of a region: one end on the host, the other configured in an instance's namespace.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "dataplane/links.h"
#include "dataplane/netns.h"
#include "dataplane/objects.h"

namespace ginnel::dataplane {

// One pair as it was found.
struct FoundDevice {
  uint32_t ifindex = 0;          // of the host's end
  std::optional<Device> device;  // empty if something of it is missing or not as it is made
};

// One thread. `netlink` and `namespaces` outlive it; netlink is of the daemon's network namespace.
class Devices {
 public:
  Devices(Netlink& netlink, const Namespaces& namespaces, std::string tag)
      : netlink_(netlink), namespaces_(namespaces), tag_(std::move(tag)) {}

  // Makes the pair anew, in place of one that stands, and gives the host end's index. After an error nothing is left.
  Result<uint32_t> put(const std::string& interface_id, const Device& device);
  Status remove(const std::string& interface_id);
  // All pairs of the tag by interface id, read back from both ends.
  Result<std::map<std::string, FoundDevice>> read();

 private:
  Status make(const std::string& interface_id, const Device& device, const std::string& host_name);
  Status configure_inside(const std::string& interface_id, const Device& device);
  Result<std::map<std::string, Device>> read_inside(const std::string& netns);

  Netlink& netlink_;
  const Namespaces& namespaces_;
  std::string tag_;
};

// The first address of a subnet but one is its router's, which the packet program answers for.
[[nodiscard]] IpAddress router_of(const Cidr& subnet);

}  // namespace ginnel::dataplane
