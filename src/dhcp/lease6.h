// What a port with an IPv6 address is told: by DHCPv6 its address, by router advertisements the rest. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/ip.h"
#include "dhcp/v6_message.h"
#include "planner/plan.h"

namespace ginnel::dhcp {

// As AWS has it: the preferred and the valid lifetime of an address.
inline constexpr uint32_t kPreferredSeconds = 140, kValidSeconds = 450;

struct Lease6 {
  MacAddress mac, router_mac;
  IpAddress address;
  Cidr subnet;
  IpAddress router;    // fe80::1
  IpAddress resolver;  // fd00:ec2::253
  std::string domain;
  uint16_t mtu = 0;
  friend bool operator==(const Lease6&, const Lease6&) = default;
};

// Nothing of a port without an IPv6 address.
[[nodiscard]] std::optional<Lease6> lease6_of(const plan::Port& port, const MacAddress& router_mac);

// Nothing where the message wants no answer, is for another server, or is not as RFC 8415 section 16 has it. `asked` is
// associations_of(question). The address goes into one association only: the first that names it, or the first.
[[nodiscard]] std::optional<V6Message> answer_v6(const Lease6& lease, const V6Message& question,
                                                 const std::vector<Association>& asked);

// Whether the ICMPv6 message is a router solicitation as RFC 4861 section 6.1.1 has it, its hop limit and checksum
// apart. One from nobody (::) has no MAC in it.
[[nodiscard]] bool is_solicitation(std::span<const uint8_t> icmp, bool from_nobody);
// The ICMPv6 message, its checksum left 0: addresses by DHCPv6 (managed), the prefix on the link and for no
// autoconfiguration, the MTU.
[[nodiscard]] std::vector<uint8_t> advertisement(const Lease6& lease);

}  // namespace ginnel::dhcp
