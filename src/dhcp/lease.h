// What a port is told, and the answers that tell it. Pure.
#pragma once

#include <optional>
#include <string>

#include "base/ip.h"
#include "dhcp/v4_message.h"
#include "planner/plan.h"

namespace ginnel::dhcp {

inline constexpr uint32_t kLeaseSeconds = 3600;  // as AWS has it

struct Lease {
  MacAddress mac;
  IpAddress address;
  Cidr subnet;
  IpAddress router;    // the first address of the subnet but one; the server's name too
  IpAddress resolver;  // of the VPC
  std::string host_name, domain;
  uint16_t mtu = 0;
  friend bool operator==(const Lease&, const Lease&) = default;
};

// Of a port with an IPv4 address.
[[nodiscard]] Lease lease_of(const plan::Port& port);

// Nothing where the message is not for this server, or wants no answer: another client's, another server's, a relay's,
// a release. The address is never another one than the lease's, and never given to another MAC than its own.
[[nodiscard]] std::optional<V4Message> answer_v4(const Lease& lease, const V4Message& question);

}  // namespace ginnel::dhcp
