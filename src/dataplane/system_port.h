// The pair of devices by which the daemon's own sockets take part: ginnel0 with the system address, and its peer,
// which carries the program as the port of the system VPC.
//
// The host gets one route, the synthetic range by way of ginnel0, through a router address whose MAC is told once and
// for all: so no address of the range is ever asked for. Both ends are in the daemon's network namespace.
#pragma once

#include "dataplane/links.h"

namespace ginnel::dataplane {

struct SystemPort {
  uint32_t ifindex = 0;       // of ginnel0
  uint32_t peer_ifindex = 0;  // of the end with the program
  MacAddress mac;             // of ginnel0
};

// Makes what is missing of it, and sets again what can be set. Refuses a ginnel0 of another region.
Result<SystemPort> ensure_system_port(Netlink& netlink, const std::string& tag, const Cidr& range,
                                      const IpAddress& system_address, const MacAddress& router_mac, uint32_t mtu);

}  // namespace ginnel::dataplane
