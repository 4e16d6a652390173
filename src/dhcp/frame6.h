// IPv6 packets in Ethernet frames, as far as router solicitations and DHCPv6 need them: no extension headers.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/ip.h"
#include "base/result.h"

namespace ginnel::dhcp {

inline constexpr uint8_t kProtocolUdp = 17, kProtocolIcmp6 = 58;

struct Packet6 {
  MacAddress to, from;
  IpAddress source, destination;
  uint8_t protocol = 0, hop_limit = 255;
  std::vector<uint8_t> payload;  // from the transport header on
  friend bool operator==(const Packet6&, const Packet6&) = default;
};

// An Error for anything else than UDP and ICMPv6. Lengths must fit, the transport's checksum be right: that of ICMPv6
// always, that of UDP is not looked at (frame.h).
Result<Packet6> read_packet6(std::span<const uint8_t> frame);
// With the transport's checksum put in.
std::vector<uint8_t> write_packet6(const Packet6& packet);

[[nodiscard]] std::vector<uint8_t> udp_segment(uint16_t source_port, uint16_t destination_port,
                                               std::span<const uint8_t> payload);

}  // namespace ginnel::dhcp
