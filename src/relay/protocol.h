// What the daemon and the relay say to each other over the control socket: one JSON object a line, a reply for each
// command. Daemon and relay may be of different builds, since the relay outlives the daemon: every command carries
// the protocol's number. "hello", "retire" and "stop" are understood whatever the number is, for ever.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "planner/plan.h"
#include "relay/service.h"

namespace ginnel::relay {

inline constexpr uint32_t kProtocol = 1;
inline constexpr size_t kLongestLine = 8U << 20;

struct Command {
  uint32_t protocol = kProtocol;
  std::string op;  // "hello", "set_services", "status", "retire", "stop"
  // For set_services:
  IpAddress address;
  std::vector<plan::RelayService> services;
  bool close_removed = false;  // reset the connections of services that are gone
};

struct ServiceStatus {
  Service counters;  // its spec too
  IpAddress address;
  bool listening = false;
  std::string error;  // why it does not listen
};

struct RelayStatus {
  uint64_t connections = 0;
  uint64_t most_connections = 0;
  std::vector<ServiceStatus> services;  // in the order of their ports
};

struct Reply {
  uint32_t protocol = kProtocol;
  bool ok = true;
  std::string error;
  int64_t pid = 0;
  RelayStatus status;  // for status and set_services
};

// Without the line feed.
[[nodiscard]] std::string encode(const Command& command);
[[nodiscard]] std::string encode(const Reply& reply);
// Unknown members are passed over; missing or wrong ones are an error that names them.
Result<Command> decode_command(std::string_view line);
Result<Reply> decode_reply(std::string_view line);

}  // namespace ginnel::relay
