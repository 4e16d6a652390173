// The plan: what must stand in the kernel and in the resolver for one VPC, as values.
//
// The planner makes it from a Snapshot; dataplane, dns and relay see only this and never the model. Everything in a
// plan is sorted, so that two plans of the same state are equal, print the same and can be compared piece by piece.
// Plain values without ownership; free to copy between threads.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/ip.h"

namespace ginnel::plan {

using VpcNumber = uint32_t;    // 0 is the system VPC: the daemon's own sockets
using GroupNumber = uint32_t;  // a security group, unique in the region, never 0
using LinkNumber = uint32_t;   // a link, unique in the region, never 0

using BalancerNumber = uint32_t;  // a listener of a load balancer in one zone, unique in the region, never 0
using TargetNumber = uint32_t;    // a registered target, unique in the region, never 0

inline constexpr VpcNumber kSystemVpc = 0;
inline constexpr uint8_t kTcp = 6, kUdp = 17, kIcmp = 1, kIcmpV6 = 58;
inline constexpr uint8_t kAnyProtocol = 255;  // as in AWS's "-1"

// One rule of a security group as the packet path judges it. Exactly one of `cidr` and `group` is set.
struct Rule {
  uint8_t protocol = kAnyProtocol;
  // Ports for TCP and UDP. For ICMP: from_port is the type and to_port the code, 0xffff meaning any.
  // For other protocols 0 and 0xffff.
  uint16_t from_port = 0, to_port = 0xffff;
  std::optional<Cidr> cidr;
  GroupNumber group = 0;  // peers that are interfaces in this group
  friend auto operator<=>(const Rule&, const Rule&) = default;
};

// The rules in force on every interface with exactly this set of groups; its identity is the sorted set.
struct Policy {
  std::vector<GroupNumber> groups;
  std::vector<Rule> ingress, egress;
  friend auto operator<=>(const Policy&, const Policy&) = default;
};

// What carries a port. A pair: a veth pair whose far end is in the namespace `netns`. A tap or a device that is there
// already: `device` is its name in the daemon's namespace, and nothing inside is configured.
enum class PortKind : uint8_t { pair, tap, device };

// A network interface that lives on this host.
struct Port {
  std::string interface_id;  // "eni-…"
  PortKind kind = PortKind::pair;
  // The namespace of a pair: the name of one that is made under /run/netns, an instance's id; or the path of one that
  // is there already, which is taken only where its inode is `netns_inode`.
  std::string netns;
  uint64_t netns_inode = 0;
  std::string device = "eth0";  // of a pair: the name inside
  uint32_t owner = 0;           // of a tap: the user who may open it
  IpAddress address;
  Cidr subnet;
  std::optional<IpAddress> address6;
  std::optional<Cidr> subnet6;  // where address6 is set
  MacAddress mac;
  uint32_t mtu = 8500;
  bool big_tcp = false;             // of a pair: segments of more than 64 KiB pass as one packet (IPv4)
  std::vector<GroupNumber> groups;  // key of its Policy
  bool check_source = true;         // source/destination check: refuse what is not from or to its own address
  IpAddress synthetic;              // its address towards the system VPC, unique on this host
  IpAddress resolver;               // for the namespace's resolv.conf
  std::string search_domain;        // likewise; may be empty
  friend auto operator<=>(const Port&, const Port&) = default;
};

// Every address of the VPC that can be talked to, and the groups of its interface (for rules that name a group).
struct Address {
  IpAddress address;
  std::string interface_id;
  std::vector<GroupNumber> groups;
  bool local = false;  // a Port of this plan has it
  friend auto operator<=>(const Address&, const Address&) = default;
};

// A socket of this host on the system address.
struct SystemTarget {
  IpAddress address;
  uint16_t port = 0;
  friend auto operator<=>(const SystemTarget&, const SystemTarget&) = default;
};

// (this VPC, address, port, protocol) leads to the system VPC or to a balancer, one way.
struct Link {
  IpAddress address;
  uint16_t port = 0;
  uint8_t protocol = kTcp;
  LinkNumber number = 0;
  std::string owner;  // "vpce-…", "resolver", or a load balancer's ARN
  // Groups of the interface that owns the address; no value: no security group is judged on its side (resolver, and
  // load balancers, whose groups the Balancer has).
  std::optional<std::vector<GroupNumber>> groups;
  SystemTarget target;          // where `balancer` is 0
  BalancerNumber balancer = 0;  // of this VPC or another; where its VPC's plan is not in force, packets are dropped
  bool endpoint = false;        // an interface endpoint's: `owner` goes into the PROXY header
  friend auto operator<=>(const Link&, const Link&) = default;
};

// A registered target that gets new flows, or keeps those that it has. When it leaves the plan its flows are cut.
struct Target {
  TargetNumber number = 0;
  std::string owner;  // id of the model's Target
  IpAddress address;  // of this VPC; where no port has it, packets are dropped
  uint16_t port = 0;
  friend auto operator<=>(const Target&, const Target&) = default;
};

// What a listener does in one zone. It belongs to the plan of the load balancer's VPC, in which the targets are; links
// of any VPC lead to it.
struct Balancer {
  BalancerNumber number = 0;
  std::string owner;               // "LISTENER-ARN ZONE"
  IpAddress node;                  // the load balancer's address in the zone: what targets see as the source
  std::optional<IpAddress> node6;  // what targets with an IPv6 address see; without it they get no new flows
  // Of the load balancer; no value: it filters nothing. They are asked as ingress for the client's own address and the
  // listener's port, and as egress for the target.
  std::optional<std::vector<GroupNumber>> groups;
  bool judge_endpoints = true;        // ask the ingress rules of `groups` for flows from endpoints too
  bool preserve_client = false;       // targets see the client's address; never for flows from endpoints
  bool proxy_header = false;          // PROXY protocol v2, TCP only
  bool sticky = false;                // the target depends on the client's address alone
  uint32_t idle_timeout_s = 350;      // TCP
  std::vector<TargetNumber> targets;  // that get new flows, by Maglev (maglev.h); may be empty
  friend auto operator<=>(const Balancer&, const Balancer&) = default;
};

// How one target's health is found out. The daemon connects to `address` and `port`; the data plane leads that from the
// system VPC to the target, which sees the node's address; the target's security groups are asked.
struct Probe {
  IpAddress address;   // synthetic, unique on this host
  uint16_t port = 0;   // the health check's; the same at the target
  std::string target;  // id of the model's Target
  IpAddress target_address;
  IpAddress node;
  std::optional<std::vector<GroupNumber>> groups;  // of the load balancer: egress is asked
  enum class Protocol { tcp, http, https } protocol = Protocol::tcp;
  std::string path;     // HTTP, HTTPS
  std::string matcher;  // HTTP, HTTPS: "200-399", "200,202"
  uint32_t interval_s = 30, timeout_s = 10, healthy_threshold = 5, unhealthy_threshold = 2;
  bool proxy_header = false;  // a PROXY v2 header of command LOCAL goes first
  std::string health;         // what the model knows: "initial", "healthy", "unhealthy"
  friend auto operator<=>(const Probe&, const Probe&) = default;
};

// A name and its addresses. Names are lower case without the final dot; "*.x" is a wildcard for one or more labels.
struct Name {
  std::string name;
  std::vector<IpAddress> addresses;
  uint32_t ttl_s = 60;
  friend auto operator<=>(const Name&, const Name&) = default;
};

struct VpcPlan {
  VpcNumber number = 0;
  std::string vpc_id;
  uint64_t revision = 0;  // of the snapshot that it was made from; not part of what is compared
  std::vector<Cidr> cidrs;
  std::vector<Port> ports;
  std::vector<Policy> policies;
  std::vector<Address> addresses;
  std::vector<Link> links;
  std::vector<Target> targets;
  std::vector<Balancer> balancers;
  std::vector<Probe> probes;
  bool dns_support = true;          // false: the resolver does not answer this VPC
  std::vector<Name> private_names;  // only inside this VPC; each shadows the public name exactly
  std::vector<Name> public_names;   // of this VPC's endpoints; they resolve everywhere

  // The same, whatever the revision.
  [[nodiscard]] bool same_as(const VpcPlan& other) const {
    VpcPlan copy = other;
    copy.revision = revision;
    return *this == copy;
  }
  friend auto operator<=>(const VpcPlan&, const VpcPlan&) = default;
};

// What holds for the whole host.
struct HostPlan {
  std::string region;              // "ap-northeast-1"
  std::string tag;                 // marks this region's kernel objects; 8 hexadecimal digits, kept in the state
  Cidr synthetic_range;            // default 100.64.0.0/10
  IpAddress system_address;        // of the daemon's listeners, on ginnel0: the range's first address + 1
  std::string dns_suffix;          // "amazonaws.com"
  std::vector<Name> public_names;  // the region's own services at its public address
  friend auto operator<=>(const HostPlan&, const HostPlan&) = default;
};

// One service that the relay carries: it listens on (system address, port) and connects to the upstream.
struct RelayService {
  std::string name;           // "kinesis"
  uint16_t listen_port = 0;   // on the system address
  std::string upstream_host;  // name or address, resolved by the host at each connection
  uint16_t upstream_port = 0;
  friend auto operator<=>(const RelayService&, const RelayService&) = default;
};

// What is on the host that the planner must know: the synthetic addresses that are given out, by interface id; those of
// probes by the id of the model's Target.
struct HostFacts {
  std::map<std::string, IpAddress> synthetic;
  bool big_tcp = false;  // of all pairs (Port)
};

}  // namespace ginnel::plan
