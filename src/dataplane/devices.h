// What carries the ports of a region: pairs of network devices, one end on the host, the other configured in a
// namespace; taps; and devices that are there already.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dataplane/links.h"
#include "dataplane/netns.h"
#include "dataplane/objects.h"

namespace ginnel::dataplane {

// One port's device as it was found.
struct FoundDevice {
  uint32_t ifindex = 0;          // of the end in the daemon's namespace
  std::optional<Device> device;  // empty if something of it is missing or not as it is made
  // Of a pair: the IPv6 addresses inside, without the link-local ones. `device` has none of them: which one was given,
  // the port's row tells; the others are the namespace's own.
  std::vector<InterfaceAddress> addresses6;
};

// One thread. `netlink` and `namespaces` outlive it; netlink is of the daemon's network namespace.
class Devices {
 public:
  Devices(Netlink& netlink, const Namespaces& namespaces, std::string tag)
      : netlink_(netlink), namespaces_(namespaces), tag_(std::move(tag)) {}

  // Makes the pair or the tap anew, in place of one that stands (unless only `big_tcp` differs, which is set then), and
  // gives the index of the end in the daemon's namespace. After an error nothing is left. A tap of ours that stands is
  // kept: somebody may hold it open. A device must be there, up, and nothing that the host itself uses; nothing of it
  // is changed.
  Result<uint32_t> put(const std::string& interface_id, const Device& device);
  // Pairs and taps; a device stays as it is.
  Status remove(const std::string& interface_id);
  // All pairs and taps of the tag by interface id, read back from both ends; and of `others`, by index, the devices
  // that still are there.
  Result<std::map<std::string, FoundDevice>> read(const std::map<uint32_t, std::string>& others = {});

 private:
  Result<uint32_t> put_pair(const std::string& interface_id, const Device& device);
  // True if the pair stands as it is wanted but for `big_tcp`, which is as wanted now.
  Result<bool> resize(const std::string& interface_id, const Device& device, const LinkInfo& standing);
  Result<uint32_t> put_tap(const std::string& interface_id, const Device& device);
  Result<uint32_t> take_device(const Device& device);
  Result<uint32_t> index_of(const std::string& name);
  Status make(const std::string& interface_id, const Device& device, const std::string& host_name);
  Status make_tap(const std::string& interface_id, const Device& device);
  Status configure_inside(const std::string& interface_id, const Device& device);
  Result<UniqueFd> open_namespace(const std::string& netns, uint64_t inode);
  Status read_inside(const std::string& netns, uint64_t inode, std::map<std::string, FoundDevice>& out);

  Netlink& netlink_;
  const Namespaces& namespaces_;
  std::string tag_;
};

// The first address of a subnet but one is its router's, which the packet program answers for.
[[nodiscard]] IpAddress router_of(const Cidr& subnet);
// Of every IPv6 subnet: fe80::1, likewise.
[[nodiscard]] IpAddress router6();

}  // namespace ginnel::dataplane
