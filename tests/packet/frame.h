// Ethernet frames from a readable line, with right checksums unless the line asks for others. See README.md.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "words.h"

namespace ginnel::packet_test {

struct Frame {
  std::vector<uint8_t> bytes;
  uint16_t gso_size = 0;  // for the kernel: it is to be cut into segments of so many bytes of payload
};

// `words` begins with the kind: tcp, udp, icmp, icmp6, ns, na, ip, arp, ethernet or hex; the family is the addresses'.
// The MACs apply unless the line has others.
Frame build(Words words, const MacAddress& from, const MacAddress& to);

// Folded sum of one's complement (RFC 1071), not yet inverted.
uint16_t ones_sum(std::span<const uint8_t> bytes, uint32_t start = 0);
// Of an IP frame: are the header's and the transport's checksums right? With IPv4 a UDP checksum of 0 is.
bool checksums_right(std::span<const uint8_t> frame);
// Likewise of a transport header and all behind it; `addresses`: both as in the IP header.
bool transport_right(std::span<const uint8_t> addresses, uint8_t protocol, std::span<const uint8_t> transport);
// One line a 16 bytes.
std::string dump(std::span<const uint8_t> bytes);

}  // namespace ginnel::packet_test
