// What the kernel holds for one VPC, as values: the same types for what is observed and for what is wanted.
//
// Twelve kinds of objects, each a table from key to value. Their order is that of dependence: an object only refers to
// kinds before it. In an observed table an empty value means "something is there, but not what it should be": left by
// an operation that failed half way. Plain values without ownership.
#pragma once

#include <compare>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "planner/plan.h"

namespace ginnel::dataplane {

inline constexpr size_t kLongestProbeId = 252;

using GroupSet = std::vector<plan::GroupNumber>;  // sorted

// The rules in force on every interface with exactly this set of groups.
struct Policy {
  using Key = GroupSet;
  std::vector<plan::Rule> ingress, egress;
  friend auto operator<=>(const Policy&, const Policy&) = default;
};

// A named network namespace and the resolver of programs in it.
struct Namespace {
  using Key = std::string;
  IpAddress nameserver;
  std::string search;
  friend auto operator<=>(const Namespace&, const Namespace&) = default;
};

// What carries a port. Of a pair, one end is here and the other is configured inside the namespace; a tap is made here;
// a device is there already, is in the daemon's own namespace, and only carries the program. Key: the interface id.
struct Device {
  using Key = std::string;
  plan::PortKind kind = plan::PortKind::pair;
  std::string name;    // of a pair: inside
  uint32_t mtu = 0;    // not of a device
  uint32_t owner = 0;  // of a tap: a user's number
  // Of a pair:
  std::string netns;         // a name of our own, or the path of somebody else's
  uint64_t netns_inode = 0;  // of somebody else's
  IpAddress address;
  Cidr subnet;
  std::optional<IpAddress> address6;
  std::optional<Cidr> subnet6;  // where address6 is set
  MacAddress mac;
  bool default_route = true;
  bool big_tcp = false;
  friend auto operator<=>(const Device&, const Device&) = default;
};

// What the program knows of the device that a packet comes from. Key: the interface id.
struct PortEntry {
  using Key = std::string;
  IpAddress address;
  std::optional<IpAddress> address6;
  MacAddress mac;
  GroupSet groups;
  bool check_source = true;
  bool device = false;  // a tap or a device: nobody else's namespace is behind it
  IpAddress synthetic;
  friend auto operator<=>(const PortEntry&, const PortEntry&) = default;
};

// The program on the device. Key: the interface id.
struct Attachment {
  using Key = std::string;
  friend auto operator<=>(const Attachment&, const Attachment&) = default;
};

// A prefix of the VPC: what is in none of them has no route.
struct Route {
  using Key = Cidr;
  friend auto operator<=>(const Route&, const Route&) = default;
};

// An address that can be talked to, and the policy of its interface.
struct Destination {
  using Key = IpAddress;
  std::string local;    // the interface id, where its port is on this host; else empty
  MacAddress mac;       // of that port
  bool device = false;  // as of the PortEntry
  GroupSet groups;
  friend auto operator<=>(const Destination&, const Destination&) = default;
};

struct MemberKey {
  plan::GroupNumber group = 0;
  IpAddress address;
  friend auto operator<=>(const MemberKey&, const MemberKey&) = default;
};

// The address is a member of the group, for rules that name a group.
struct Member {
  using Key = MemberKey;
  friend auto operator<=>(const Member&, const Member&) = default;
};

struct LinkKey {
  IpAddress address;
  uint16_t port = 0;
  uint8_t protocol = 0;
  friend auto operator<=>(const LinkKey&, const LinkKey&) = default;
};

// To the system VPC, or, where `balancer` is not 0, to a balancer of any VPC, which need not be there.
struct Link {
  using Key = LinkKey;
  plan::LinkNumber number = 0;
  std::optional<GroupSet> groups;
  plan::SystemTarget target;
  plan::BalancerNumber balancer = 0;
  std::string endpoint;  // its id, if the address is an interface endpoint's
  friend auto operator<=>(const Link&, const Link&) = default;
};

// A registered target of the VPC's balancers.
struct Target {
  using Key = plan::TargetNumber;
  IpAddress address;
  uint16_t port = 0;
  friend auto operator<=>(const Target&, const Target&) = default;
};

// A listener in one zone, and the targets that its table leads to.
struct Balancer {
  using Key = plan::BalancerNumber;
  IpAddress node;
  std::optional<IpAddress> node6;
  std::optional<GroupSet> groups;
  bool judge_endpoints = true, preserve_client = false, proxy_header = false, sticky = false;
  uint16_t idle_timeout_s = 0;
  std::vector<plan::TargetNumber> targets;  // sorted
  friend auto operator<=>(const Balancer&, const Balancer&) = default;
};

// From the system VPC, where the key's address is, to a target of this VPC.
struct ProbeLink {
  using Key = LinkKey;
  std::string id;                 // of the model's target
  plan::TargetNumber number = 0;  // of that target; 0 if it is none of the plan's
  IpAddress target;
  IpAddress source;                // the node's
  std::optional<GroupSet> groups;  // of the balancer
  friend auto operator<=>(const ProbeLink&, const ProbeLink&) = default;
};

template <typename Object>
using Table = std::map<typename Object::Key, std::optional<Object>>;

struct VpcState {
  // In the order of dependence.
  std::tuple<Table<Policy>, Table<Namespace>, Table<Device>, Table<PortEntry>, Table<Attachment>, Table<Route>,
             Table<Destination>, Table<Member>, Table<Target>, Table<Balancer>, Table<Link>, Table<ProbeLink>>
      tables;

  template <typename Object>
  Table<Object>& of() {
    return std::get<Table<Object>>(tables);
  }
  template <typename Object>
  [[nodiscard]] const Table<Object>& of() const {
    return std::get<Table<Object>>(tables);
  }
  [[nodiscard]] bool empty() const {
    return std::apply([](const auto&... table) { return (table.empty() && ...); }, tables);
  }
  friend bool operator==(const VpcState&, const VpcState&) = default;
};

// Whether the namespace is somebody else's, which is neither made nor taken away.
[[nodiscard]] inline bool is_foreign_netns(const std::string& netns) { return netns.starts_with('/'); }

// Whether somebody else may take the device away, or be in its way.
[[nodiscard]] inline bool is_outside(const Device& device) {
  return device.kind != plan::PortKind::pair || is_foreign_netns(device.netns);
}

// The plan in these terms. Fails when the plan refers to a policy or target that it does not hold, or holds one object
// twice.
Result<VpcState> wanted_state(const plan::VpcPlan& plan);

}  // namespace ginnel::dataplane
