#include "dhcp/frame6.h"

#include <algorithm>

#include "dhcp/bytes.h"
#include "dhcp/frame.h"

namespace ginnel::dhcp {
namespace {

constexpr size_t kEthernet = 14, kIp = 40, kUdp = 8, kIcmp = 4;
constexpr uint16_t kTypeIp6 = 0x86dd;

tl::unexpected<Error> broken(std::string_view cause) { return fail("read", "IPv6 frame", cause); }

template <typename T>
T copied(View bytes, size_t at) {
  T out{};
  std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), out.size(), out.begin());
  return out;
}

uint16_t checksum_of(const Packet6& packet) {
  Bytes pseudo;
  append(pseudo, packet.source.bytes());
  append(pseudo, packet.destination.bytes());
  put32(pseudo, static_cast<uint32_t>(packet.payload.size()));
  put32(pseudo, packet.protocol);
  append(pseudo, packet.payload);
  return internet_checksum(pseudo);
}

size_t checksum_offset(const Packet6& packet) { return packet.protocol == kProtocolUdp ? 6 : 2; }

}  // namespace

Result<Packet6> read_packet6(View frame) {
  if (frame.size() < kEthernet + kIp || get16(frame, 12) != kTypeIp6) return broken("it is not IPv6");
  const View ip = frame.subspan(kEthernet);
  const size_t length = get16(ip, 4);
  if (ip[0] >> 4 != 6 || length > ip.size() - kIp) return broken("its IP header is wrong");
  const View payload = ip.subspan(kIp, length);
  Packet6 out;
  out.to = {copied<decltype(MacAddress::bytes)>(frame, 0)};
  out.from = {copied<decltype(MacAddress::bytes)>(frame, 6)};
  out.source = IpAddress(copied<IpAddress::Bytes>(ip, 8));
  out.destination = IpAddress(copied<IpAddress::Bytes>(ip, 24));
  out.protocol = ip[6];
  out.hop_limit = ip[7];
  out.payload.assign(payload.begin(), payload.end());
  if (out.protocol == kProtocolUdp) {
    if (length < kUdp || get16(payload, 4) != length) return broken("its UDP length is wrong");
  } else if (out.protocol != kProtocolIcmp6 || length < kIcmp) {
    return broken("it is neither UDP nor ICMPv6");
  } else if (checksum_of(out) != 0) {
    return broken("its ICMPv6 checksum is wrong");
  }
  return out;
}

Bytes write_packet6(const Packet6& packet) {
  Packet6 whole = packet;
  const size_t at = checksum_offset(packet);
  whole.payload[at] = whole.payload[at + 1] = 0;
  const uint16_t sum = checksum_of(whole);
  const uint16_t stored = sum == 0 ? 0xffff : sum;
  whole.payload[at] = static_cast<uint8_t>(stored >> 8);
  whole.payload[at + 1] = static_cast<uint8_t>(stored);
  Bytes out;
  append(out, packet.to.bytes);
  append(out, packet.from.bytes);
  put16(out, kTypeIp6);
  put32(out, 0x60000000);
  put16(out, static_cast<uint16_t>(packet.payload.size()));
  append(out, Bytes{packet.protocol, packet.hop_limit});
  append(out, packet.source.bytes());
  append(out, packet.destination.bytes());
  append(out, whole.payload);
  return out;
}

Bytes udp_segment(uint16_t source_port, uint16_t destination_port, View payload) {
  Bytes out;
  put16(out, source_port);
  put16(out, destination_port);
  put16(out, static_cast<uint16_t>(kUdp + payload.size()));
  put16(out, 0);
  append(out, payload);
  return out;
}

}  // namespace ginnel::dhcp
