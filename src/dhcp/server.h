// Answers DHCP, DHCPv6 and router solicitations on the devices of ports, and advertises the router from time to time:
// one packet socket a device, one thread for all.
//
// The sockets see a frame before the packet program does, which drops and counts it; so nothing of the host's own
// network is in between. Answers are bounded for each port (kAnswersPerSecond, kBurst), so that no port makes work for
// the daemon that others would miss.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "dhcp/lease.h"
#include "dhcp/lease6.h"
#include "planner/plan.h"

namespace ginnel::dhcp {

inline constexpr unsigned kAnswersPerSecond = 10, kBurst = 20;
// Well within the router's lifetime (lease6.cc): hosts do not ask again when that is over, and would lose their route.
inline constexpr std::chrono::milliseconds kAdvertiseEvery = std::chrono::minutes(8);

struct Counters {
  uint64_t answered = 0;
  uint64_t ignored = 0;    // not for this server, or wants no answer
  uint64_t malformed = 0;  // broken
  uint64_t limited = 0;    // more than a port may ask
};

struct Port {
  std::string interface_id;
  uint32_t ifindex = 0;  // in the network namespace of the thread that makes the server
  Lease lease;
  std::optional<Lease6> lease6;
  friend bool operator==(const Port&, const Port&) = default;
};

class Server {
 public:
  // `router` is the MAC that answers come from. The log must outlive the server.
  static Result<std::unique_ptr<Server>> start(const MacAddress& router, Log& log,
                                               std::chrono::milliseconds advertise_every = kAdvertiseEvery);
  ~Server();

  // The ports of a VPC from now on, from any thread. A new one with IPv6 hears of its router at once. A device that is
  // gone is passed over, with a line in the log.
  void set_vpc(plan::VpcNumber vpc, const std::vector<Port>& ports);
  void remove_vpc(plan::VpcNumber vpc) { set_vpc(vpc, {}); }
  // Since the start, over all ports.
  [[nodiscard]] Counters counters() const;

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ginnel::dhcp
