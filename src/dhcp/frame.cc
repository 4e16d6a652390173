#include "dhcp/frame.h"

#include <algorithm>

#include "dhcp/bytes.h"

namespace ginnel::dhcp {
namespace {

constexpr size_t kEthernet = 14, kIp = 20, kUdp = 8;
constexpr uint16_t kTypeIp = 0x0800;
constexpr uint8_t kProtocolUdp = 17, kTtl = 64;
constexpr uint16_t kFragmentBits = 0x3fff;  // more to come, and the offset

tl::unexpected<Error> broken(std::string_view cause) { return fail("read", "frame", cause); }

MacAddress mac_at(View bytes, size_t at) {
  MacAddress out;
  std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), out.bytes.size(), out.bytes.begin());
  return out;
}

}  // namespace

uint16_t internet_checksum(View bytes, uint32_t start) {
  uint64_t sum = start;
  for (size_t at = 0; at + 1 < bytes.size(); at += 2) sum += get16(bytes, at);
  if (bytes.size() % 2 != 0) sum += static_cast<uint32_t>(bytes.back()) << 8;
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

Result<Datagram> read_datagram(View frame) {
  if (frame.size() < kEthernet + kIp || get16(frame, 12) != kTypeIp) return broken("it is not IPv4");
  const View ip = frame.subspan(kEthernet);
  const size_t header = static_cast<size_t>(ip[0] & 0xf) * 4;
  const size_t total = get16(ip, 2);
  if (ip[0] >> 4 != 4 || header < kIp || total < header || total > ip.size()) return broken("its IP lengths are wrong");
  if (internet_checksum(ip.first(header)) != 0) return broken("its IP checksum is wrong");
  if (ip[9] != kProtocolUdp || (get16(ip, 6) & kFragmentBits) != 0) return broken("it is not whole UDP");
  const View udp = ip.subspan(header, total - header);
  if (udp.size() < kUdp) return broken("its UDP header is cut short");
  const size_t length = get16(udp, 4);
  if (length < kUdp || length > udp.size()) return broken("its UDP length is wrong");
  const View payload = udp.subspan(kUdp, length - kUdp);
  return Datagram{
      mac_at(frame, 0), mac_at(frame, 6), IpAddress::from_v4(get32(ip, 12)), IpAddress::from_v4(get32(ip, 16)),
      get16(udp, 0),    get16(udp, 2),    {payload.begin(), payload.end()}};
}

Bytes write_datagram(const Datagram& datagram) {
  Bytes udp;
  put16(udp, datagram.source_port);
  put16(udp, datagram.destination_port);
  put16(udp, static_cast<uint16_t>(kUdp + datagram.payload.size()));
  put16(udp, 0);
  append(udp, datagram.payload);
  Bytes pseudo;
  put32(pseudo, datagram.source.v4());
  put32(pseudo, datagram.destination.v4());
  put16(pseudo, kProtocolUdp);
  put16(pseudo, static_cast<uint16_t>(udp.size()));
  append(pseudo, udp);
  const uint16_t sum = internet_checksum(pseudo);
  const uint16_t stored = sum == 0 ? 0xffff : sum;
  udp[6] = static_cast<uint8_t>(stored >> 8);
  udp[7] = static_cast<uint8_t>(stored);

  Bytes ip = {0x45, 0};
  put16(ip, static_cast<uint16_t>(kIp + udp.size()));
  put32(ip, 0);
  append(ip, Bytes{kTtl, kProtocolUdp, 0, 0});
  put32(ip, datagram.source.v4());
  put32(ip, datagram.destination.v4());
  const uint16_t check = internet_checksum(ip);
  ip[10] = static_cast<uint8_t>(check >> 8);
  ip[11] = static_cast<uint8_t>(check);

  Bytes out;
  append(out, datagram.to.bytes);
  append(out, datagram.from.bytes);
  put16(out, kTypeIp);
  append(out, ip);
  append(out, udp);
  return out;
}

}  // namespace ginnel::dhcp
