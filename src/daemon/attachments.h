// What carries the region's own network interfaces on this host: the operator's
// attach and detach, as changes of the model. Pure.
#pragma once

#include <boost/json.hpp>
#include <map>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "model/region.h"
#include "model/snapshot.h"

namespace ginnel::daemon {

struct AttachRequest {
  std::string interface_id;
  // In its place: an interface is made in the subnet for this container, and
  // goes with its port. No groups: the VPC's default group.
  std::string container, subnet;
  std::vector<std::string> groups;
  // Exactly one of them. `netns` is a name of `ip netns` or an absolute path.
  std::string netns, tap, device;
  std::string ifname;  // of a netns: the name inside; empty: eth0
  uint32_t owner = 0;  // of a tap
};

// {"interface": "eni-…" | "container": "…", "subnet": "…", "groups"?: […],
// "netns" | "tap" | "device": "…", "ifname"?: "…", "owner"?: 1000}; nothing
// else.
Result<AttachRequest> read_attach_request(const std::string& body);

// The interface as it is once it is attached; refused where it is not there, is
// somebody's already, or where a name cannot be one. What stands on the host is
// not looked at: `port.netns_inode` is still to be filled in.
Result<model::NetworkInterface> attached(const model::Snapshot& snapshot, const AttachRequest& request,
                                         RandomSource& random, WallTime now);
// The same of an interface that is made for a container in the name of its
// subnet's account, with all that comes into being with it.
Result<model::Change> attached_new(const model::Snapshot& snapshot, const model::Region& region,
                                   const AttachRequest& request, RandomSource& random, WallTime now);
// What takes the interface off; one that was made for a container is deleted.
// Refused where nothing that this was asked for carries it.
Result<model::Change> detached(const model::Snapshot& snapshot, const std::string& interface_id);
// The interface that was made for a container; nullptr where there is none.
[[nodiscard]] const model::NetworkInterface* find_of_container(const model::Snapshot& snapshot,
                                                               const std::string& container);

// What the one who attached it needs to know: {"interface", "address", "cidr",
// "gateway", "mac", "resolver", …}.
[[nodiscard]] boost::json::object describe_port(const model::Snapshot& snapshot, const model::Region& region,
                                                const model::NetworkInterface& interface);
// {"interface", "vpc", "address", "mac", "carried_by", "name", …} of all
// interfaces that are attached to this host.
[[nodiscard]] boost::json::array list_ports(const model::Snapshot& snapshot,
                                            const std::map<std::string, std::string>& problems);

}  // namespace ginnel::daemon
