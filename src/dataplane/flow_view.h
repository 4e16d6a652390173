// A flow as an operator sees it: both of its entries together, as plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "abi/flow.h"
#include "base/ip.h"
#include "dataplane/flow_filter.h"
#include "planner/plan.h"

namespace ginnel::dataplane {

struct FlowEnd {
  IpAddress address;
  uint16_t port = 0;  // of ICMP queries the identifier; 0 where the protocol has none
  friend bool operator==(const FlowEnd&, const FlowEnd&) = default;
};

// "Sent" is what the opener sent, "received" what it was sent: packets that were delivered, in bytes of their frames
// as the program gets them (with the Ethernet header; a packet that the kernel has not cut into segments yet is one).
struct Flow {
  uint64_t id = 0;  // a hash of its key: the same for as long as it lives
  uint8_t protocol = 0;
  FlowState state = FlowState::opening;
  bool cut = false;         // its end is decided, and comes with the next packet
  plan::VpcNumber vpc = 0;  // of the opener; 0: a probe of the daemon
  FlowEnd source, destination;
  // What the other end sees instead, where it passes a link.
  struct Translated {
    plan::VpcNumber vpc = 0;  // 0: the system VPC
    FlowEnd source, destination;
    friend bool operator==(const Translated&, const Translated&) = default;
  };
  std::optional<Translated> translated;
  plan::LinkNumber link = 0;      // 0 inside a VPC, and of probes
  std::optional<uint32_t> age_s;  // since it was opened, where that is known
  uint32_t idle_s = 0;            // since the last packet of either direction
  uint32_t idle_limit_s = 0;      // is removed when it is idle for longer
  uint64_t packets_sent = 0, packets_received = 0, bytes_sent = 0, bytes_received = 0;

  [[nodiscard]] bool ended() const { return state == FlowState::closed || state == FlowState::reset; }
};

// From the entry of the opener's direction and that of the other one, null where it is missing.
[[nodiscard]] Flow flow_of(const ginnel_flow_key& key, const ginnel_flow& flow, const ginnel_flow* back,
                           uint32_t now_s);

// "10.0.1.5:4000", "[2001:db8::5]:4000"; the address alone where there is no port.
[[nodiscard]] std::string text_of(const FlowEnd& end);

}  // namespace ginnel::dataplane
