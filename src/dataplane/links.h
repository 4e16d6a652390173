// Network devices, addresses, routes and neighbours, as requests over a Netlink.
//
// Each function acts in the network namespace of the Netlink that it is given. All of them may be repeated: setting
// what is set already, and deleting what is gone, succeeds. Errors name the device.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ip.h"
#include "dataplane/netlink.h"

namespace ginnel::dataplane {

struct LinkInfo {
  uint32_t index = 0;
  std::string name;
  std::string alias;
  std::string kind;  // "veth", "tun"; empty of a physical one
  bool ethernet = false;
  uint32_t owner = 0;  // of a tun or tap: the user who may open it
  MacAddress mac;
  uint32_t mtu = 0;
  // The longest TCP segment over IPv4 that is handed over as one packet; none where the kernel has no such bound.
  std::optional<uint32_t> gso_ipv4_max_size;
  bool up = false;
  uint32_t master = 0;      // the bridge or bond that it is in
  uint32_t peer_index = 0;  // of a veth's other end, in its own namespace
};

struct InterfaceAddress {
  uint32_t index = 0;
  IpAddress address;
  unsigned length = 0;
  friend auto operator<=>(const InterfaceAddress&, const InterfaceAddress&) = default;
};

struct RouteInfo {
  Cidr destination;
  std::optional<IpAddress> gateway;
  uint32_t index = 0;
};

// A pair: the end that stays here, and its peer, which may be born in another namespace.
struct VethSpec {
  std::string name;
  uint32_t mtu = 0;
  std::string peer_name;
  uint32_t peer_mtu = 0;
  std::optional<MacAddress> peer_mac;
  int peer_netns = -1;  // fd of the namespace; -1: here
};

Result<std::vector<LinkInfo>> list_links(Netlink& netlink);
Result<std::optional<LinkInfo>> find_link(Netlink& netlink, const std::string& name);
Status create_veth(Netlink& netlink, const VethSpec& spec);
Status delete_link(Netlink& netlink, const std::string& name);
Status set_alias(Netlink& netlink, const std::string& name, const std::string& alias);
Status set_up(Netlink& netlink, const std::string& name);
Status set_mtu(Netlink& netlink, const std::string& name, uint32_t mtu);
// Segments over IPv4 of up to 192 KiB, or again of 64 KiB as without BIG TCP (Linux 6.3).
Status set_big_tcp(Netlink& netlink, const std::string& name, bool on);
// Whether the link hands over segments of more than 64 KiB.
[[nodiscard]] bool has_big_tcp(const LinkInfo& link);
Status set_mac(Netlink& netlink, const std::string& name, const MacAddress& mac);
// An IPv6 address is in use at once, without a look whether a neighbour has it (RFC 4862 section 5.4).
Status add_address(Netlink& netlink, uint32_t index, const IpAddress& address, unsigned length);
Result<std::vector<InterfaceAddress>> list_addresses(Netlink& netlink);
// Without `gateway` the destination is on the link. `source` is preferred for what the host itself sends.
// The gateway need not be covered by an address of the device (onlink).
Status add_route(Netlink& netlink, const Cidr& destination, uint32_t index, std::optional<IpAddress> gateway,
                 std::optional<IpAddress> source = {});
enum class Family : uint8_t { v4, v6 };
Result<std::vector<RouteInfo>> list_routes(Netlink& netlink, Family family = Family::v4);  // of the main table
// A persistent tap, which `owner` may open; one of this name must not be there. Not over netlink: in the calling
// thread's network namespace.
Status create_tap(const std::string& name, uint32_t owner);
// Permanent: never asked for and never forgotten.
Status add_neighbour(Netlink& netlink, uint32_t index, const IpAddress& address, const MacAddress& mac);

}  // namespace ginnel::dataplane
