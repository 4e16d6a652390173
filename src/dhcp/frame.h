// UDP over IPv4 in Ethernet frames, as far as DHCP needs it: clients without an address talk in raw frames.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/ip.h"
#include "base/result.h"

namespace ginnel::dhcp {

struct Datagram {
  MacAddress to, from;
  IpAddress source, destination;
  uint16_t source_port = 0, destination_port = 0;
  std::vector<uint8_t> payload;
  friend bool operator==(const Datagram&, const Datagram&) = default;
};

// An Error for anything else, fragments included. Lengths must fit and the header's checksum be right; that of UDP is
// not looked at, since a virtual machine may leave it to its device.
Result<Datagram> read_datagram(std::span<const uint8_t> frame);
// With both checksums.
std::vector<uint8_t> write_datagram(const Datagram& datagram);

// RFC 1071, in host order; of an odd number of bytes as if a 0 followed.
[[nodiscard]] uint16_t internet_checksum(std::span<const uint8_t> bytes, uint32_t start = 0);

}  // namespace ginnel::dhcp
