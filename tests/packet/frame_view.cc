#include "frame_view.h"

#include <algorithm>
#include <optional>

namespace ginnel::packet_test {
namespace {

using View = std::span<const uint8_t>;

size_t half(View bytes, size_t at) { return size_t{bytes[at]} << 8 | bytes[at + 1]; }

// An IP packet: its addresses, and what is behind all headers that are looked through.
struct Packet {
  View addresses, source, destination, payload;
  uint8_t protocol = 0;
  bool complete = true;              // all of the payload is there
  bool part = false, more = false;   // of a datagram
  size_t offset = 0, id = 0;         // of the part
  size_t begin = 0, header_end = 0;  // of the payload, and of the first header
};

std::optional<Packet> packet4(View ip) {
  if (ip.size() < 20) return {};
  const size_t header = size_t{ip[0] & 15u} * 4, total = half(ip, 2), where = half(ip, 6);
  if (header < 20 || header > ip.size() || total < header) return {};
  Packet packet;
  packet.addresses = ip.subspan(12, 8);
  packet.source = ip.subspan(12, 4);
  packet.destination = ip.subspan(16, 4);
  packet.protocol = ip[9];
  packet.complete = total <= ip.size();
  packet.payload = ip.subspan(header, std::min(total, ip.size()) - header);
  packet.begin = packet.header_end = header;
  packet.part = (where & 0x3fff) != 0;
  packet.more = (where & 0x2000) != 0;
  packet.offset = (where & 0x1fff) * 8;
  packet.id = half(ip, 4);
  return packet;
}

// Looks through options and one fragment header.
std::optional<Packet> packet6(View ip) {
  if (ip.size() < 40) return {};
  Packet packet;
  packet.addresses = ip.subspan(8, 32);
  packet.source = ip.subspan(8, 16);
  packet.destination = ip.subspan(24, 16);
  packet.protocol = ip[6];
  const size_t end = 40 + half(ip, 4);
  packet.complete = end <= ip.size();
  ip = ip.first(std::min(end, ip.size()));
  size_t at = 40;
  while ((packet.protocol == 0 || packet.protocol == 60 || packet.protocol == 44) && packet.offset == 0) {
    if (at + 8 > ip.size()) return {};
    if (packet.protocol == 44) {
      packet.offset = half(ip, at + 2) & 0xfff8;
      packet.more = (ip[at + 3] & 1) != 0;
      packet.part = packet.offset != 0 || packet.more;
      packet.id = half(ip, at + 4) << 16 | half(ip, at + 6);
    }
    const size_t length = packet.protocol == 44 ? 8 : (size_t{ip[at + 1]} + 1) * 8;
    packet.protocol = ip[at];
    at += length;
  }
  if (at > ip.size()) return {};
  packet.payload = ip.subspan(at);
  packet.begin = at;
  packet.header_end = 40;
  return packet;
}

bool is_ip6(View ip) { return !ip.empty() && ip[0] >> 4 == 6; }

std::optional<Packet> packet_in(View ip) { return is_ip6(ip) ? packet6(ip) : packet4(ip); }

std::optional<Packet> packet_of(View frame) {
  if (frame.size() < 34) return {};
  const bool ipv4 = frame[12] == 8 && frame[13] == 0, ipv6 = frame[12] == 0x86 && frame[13] == 0xdd;
  if (!ipv4 && !ipv6) return {};
  return ipv6 ? packet6(frame.subspan(14)) : packet4(frame.subspan(14));
}

bool is_error(const Packet& packet) {
  if (packet.part || packet.payload.size() < 8) return false;
  const uint8_t type = packet.payload[0];
  if (packet.source.size() == 16) return packet.protocol == 58 && type >= 1 && type <= 4;
  return packet.protocol == 1 && (type == 3 || type == 11 || type == 12);
}

}  // namespace

bool quotes_packet(View frame) {
  const auto packet = packet_of(frame);
  return packet && is_error(*packet);
}

bool quote_is_of_receiver(View frame) {
  const auto packet = packet_of(frame);
  if (!packet || !is_error(*packet)) return false;
  const View ip = packet->payload.subspan(8);
  const size_t at = is_ip6(ip) ? 8 : 12;
  return ip.size() >= at + packet->destination.size() &&
         std::equal(packet->destination.begin(), packet->destination.end(), ip.begin() + static_cast<ptrdiff_t>(at));
}

bool quote_right(View frame) {
  const auto packet = packet_of(frame);
  if (!packet || !is_error(*packet)) return false;
  const View ip = packet->payload.subspan(8);
  const auto quoted = packet_in(ip);
  if (!quoted) return false;
  if (!is_ip6(ip) && ones_sum(ip.first(quoted->header_end)) != 0xffff) return false;
  if (quoted->part || !quoted->complete) return true;
  const View payload = quoted->payload;
  if (quoted->protocol == 17 && payload.size() >= 8 && half(payload, 6) == 0) return true;
  return transport_right(quoted->addresses, quoted->protocol, payload);
}

bool is_later_part(View frame) {
  const auto packet = packet_of(frame);
  return packet && packet->offset != 0;
}

bool parts_right(const std::vector<std::vector<uint8_t>>& frames) {
  std::vector<uint8_t> whole;
  std::optional<Packet> first;
  for (const auto& frame : frames) {
    const auto packet = packet_of(frame);
    if (!packet || packet->offset != whole.size()) return false;
    if (packet->more == (&frame == &frames.back())) return false;
    if (!first) first = packet;
    if (packet->id != first->id || packet->protocol != first->protocol) return false;
    if (!std::equal(packet->addresses.begin(), packet->addresses.end(), first->addresses.begin(),
                    first->addresses.end()))
      return false;
    whole.insert(whole.end(), packet->payload.begin(), packet->payload.end());
  }
  return first && transport_right(first->addresses, first->protocol, whole);
}

void renew_icmp_sums(Frame& frame) {
  const auto packet = packet_of(frame.bytes);
  if (!packet || packet->payload.size() < 8 || packet->part) return;
  const bool ipv6 = packet->source.size() == 16;
  if (packet->protocol != (ipv6 ? 58 : 1)) return;
  const auto set = [&](size_t at, uint16_t value) {
    frame.bytes[14 + at] = static_cast<uint8_t>(value >> 8);
    frame.bytes[15 + at] = static_cast<uint8_t>(value);
  };
  if (!ipv6) {
    set(10, 0);
    set(10, static_cast<uint16_t>(~ones_sum(View(frame.bytes).subspan(14, packet->header_end))));
  }
  set(packet->begin + 2, 0);
  const uint32_t pseudo = ipv6 ? ones_sum(packet->addresses) + 58 + static_cast<uint32_t>(packet->payload.size()) : 0;
  set(packet->begin + 2, static_cast<uint16_t>(~ones_sum(packet->payload, pseudo)));
}

}  // namespace ginnel::packet_test
