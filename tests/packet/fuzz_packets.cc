#include "fuzz_packets.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>
#include <utility>

#include "case_file.h"
#include "frame_view.h"

namespace ginnel::packet_test {
namespace {

const std::vector<uint64_t> kSizes = {0, 1, 7, 8, 19, 20, 28, 40, 100, 1400, 1460, 8445, 8500, 9000, 65535};

// The kernel's test run refuses less than an IP header behind its type, and more than fits a page. Shorter frames:
// cases_test.cc natively, and tests/net/test_break_out.py.
void make_long_enough(Frame& frame) {
  const size_t least = frame.bytes[12] == 0x86 && frame.bytes[13] == 0xdd ? 54 : 34;
  frame.bytes.resize(std::clamp<size_t>(frame.bytes.size(), least, 3000));
}

void put_half(Frame& frame, size_t at, uint64_t value) {
  if (at + 2 > frame.bytes.size()) return;
  frame.bytes[at] = static_cast<uint8_t>(value >> 8);
  frame.bytes[at + 1] = static_cast<uint8_t>(value);
}

bool is_ipv6(const std::string& packet) { return packet.find("::") != std::string::npos; }

// "10.0.0.1" of "10.0.0.1:80", "::1" of "[::1]:80"; others as they are.
std::string without_port(const std::string& endpoint) {
  if (endpoint[0] == '[') return endpoint.substr(1, endpoint.find(']') - 1);
  return endpoint.find("::") == std::string::npos ? endpoint.substr(0, endpoint.find(':')) : endpoint;
}

}  // namespace

PacketSource::PacketSource(uint64_t seed, World& world) : random_(seed), world_(world) {
  for (const auto& [name, mac] : world_.macs()) ports_.push_back(name);
  // Where IPv6 clients meet IPv4 targets.
  for (const char* line :
       {"rule 3 ingress udp from=443 to=443 peer=2001:db8:1::/48",
        "link tcp [2001:db8:1::200]:443 number=30 policy=3 balancer=500 endpoint=vpce-0123456789abcdef0",
        "link udp [2001:db8:1::200]:443 number=30 policy=3 balancer=500 endpoint=vpce-0123456789abcdef0",
        "link tcp [2001:db8:1::200]:444 number=7 policy=3 target=100.64.0.1:8443",
        "link udp [2001:db8:1::200]:53 number=8 target=100.64.0.1:53"}) {
    world_.apply(line);
  }
}

// Packets that may be of flows, each way; to these come flags, options and data.
const std::vector<PacketSource::Line>& PacketSource::conversations() {
  static const std::vector<Line> kLines = {{"a", "tcp 10.0.1.10:4000 > 10.0.2.20:80"},
                                           {"b", "tcp 10.0.2.20:80 > 10.0.1.10:4000"},
                                           {"gate", "tcp 10.0.1.30:4000 > 10.0.2.20:81"},
                                           {"b", "tcp 10.0.2.20:81 > 10.0.1.30:4000"},
                                           {"a", "tcp 10.0.1.10:4000 > 10.0.1.100:443"},
                                           {"a", "tcp 10.0.1.10:4000 > 10.0.2.100:443"},
                                           {"system", "tcp 100.64.0.1:8443 > 100.64.0.10:4000"},
                                           {"gate", "tcp 10.0.1.30:4000 > 10.0.1.100:443"},
                                           {"system", "tcp 100.64.0.1:8443 > 100.64.0.12:4000"},
                                           {"a", "udp 10.0.1.10:4000 > 10.0.2.20:5000"},
                                           {"b", "udp 10.0.2.20:5000 > 10.0.1.10:4000"},
                                           {"a", "udp 10.0.1.10:4000 > 10.0.0.2:53"},
                                           {"system", "udp 100.64.0.1:53 > 100.64.0.10:4000"},
                                           {"a", "icmp 10.0.1.10 > 10.0.2.20 type=8"},
                                           {"b", "icmp 10.0.2.20 > 10.0.1.10 type=0"},
                                           {"a", "tcp 10.0.1.10:20000 > 10.0.1.200:443"},
                                           {"q", "tcp 10.0.3.20:8080 > 10.0.3.50:20000"},
                                           {"p", "tcp 10.0.1.10:20001 > 10.0.3.50:443"},
                                           {"q", "tcp 10.0.3.20:8080 > 10.0.3.50:20001"},
                                           {"p", "udp 10.0.1.10:20002 > 10.0.3.50:443"},
                                           {"q", "udp 10.0.3.20:8080 > 10.0.3.50:20002"},
                                           {"system", "tcp 100.64.0.1:2000 > 100.64.8.1:8080"},
                                           {"q", "tcp 10.0.3.20:8080 > 10.0.3.50:2000"},
                                           {"a", "tcp [2001:db8:1::a]:4000 > [2001:db8:2::b]:80"},
                                           {"b", "tcp [2001:db8:2::b]:80 > [2001:db8:1::a]:4000"},
                                           {"a", "udp [2001:db8:1::a]:4000 > [2001:db8:2::b]:5000"},
                                           {"b", "udp [2001:db8:2::b]:5000 > [2001:db8:1::a]:4000"},
                                           {"a", "icmp6 2001:db8:1::a > 2001:db8:2::b type=128"},
                                           {"b", "icmp6 2001:db8:2::b > 2001:db8:1::a type=129"},
                                           {"a", "tcp [2001:db8:1::a]:20010 > [2001:db8:1::200]:6443"},
                                           {"q", "tcp [2001:db8:3::20]:8080 > [2001:db8:3::50]:20010"},
                                           {"a", "udp [2001:db8:1::a]:20012 > [2001:db8:1::200]:6443"},
                                           {"q", "udp [2001:db8:3::20]:8080 > [2001:db8:3::50]:20012"},
                                           {"a", "tcp [2001:db8:1::a]:20020 > [2001:db8:1::200]:443"},
                                           {"q", "tcp 10.0.3.20:8080 > 10.0.3.50:20020"},
                                           {"a", "udp [2001:db8:1::a]:20022 > [2001:db8:1::200]:443"},
                                           {"q", "udp 10.0.3.20:8080 > 10.0.3.50:20022"},
                                           {"a", "udp [2001:db8:1::a]:4020 > [2001:db8:1::200]:53"},
                                           {"system", "udp 100.64.0.1:53 > 100.64.0.10:4020"},
                                           {"a", "tcp [2001:db8:1::a]:4022 > [2001:db8:1::200]:444"},
                                           {"system", "tcp 100.64.0.1:8443 > 100.64.0.10:4022"}};
  return kLines;
}

// The packets of all cases, which come near to every branch.
std::vector<PacketSource::Line> PacketSource::packets_of_cases() {
  std::vector<Line> lines;
  for (const Case& item : read_cases(std::filesystem::path(GINNEL_PACKET_DIR) / "cases")) {
    for (const Step& step : item.steps) {
      std::istringstream in(step.text);
      Line line;
      std::string command;
      in >> command >> line.port >> std::ws;
      if (command == "send" && std::getline(in, line.packet)) lines.push_back(line);
    }
  }
  return lines;
}

Sent PacketSource::next() { return chance(3) ? of_a_case() : of_this_world(); }

Sent PacketSource::of_this_world() {
  if (chance(4)) return error();
  const Line line = chance(4) ? random_line(pick(ports_)) : pick(conversations());
  Frame frame = make(line);
  if (chance(3)) mutate(frame);
  make_long_enough(frame);
  return {line.port, frame};
}

Sent PacketSource::of_a_case() {
  static const std::vector<Line> kLines = packets_of_cases();
  const Line& line = pick(kLines);
  if (!world_.macs().contains(line.port)) return of_this_world();  // a port of that case only
  Frame frame = build(split(line.packet), world_.mac_of(line.port), kRouterMac);
  if (!chance(4)) mutate(frame);
  make_long_enough(frame);
  return {line.port, frame};
}

// The packet that this one answers or is answered by, which came to the port that sends this one: "PROTOCOL B > A …".
std::string PacketSource::quote_of(const Line& line) {
  Words words = split(line.packet);
  const std::string kind = words.next("kind"), from = words.next("source");
  words.next(">");
  const std::string to = words.next("destination");
  std::string quote = kind + " " + to + " > " + from;
  const uint64_t type = words.number_or("type", 0);
  if (kind == "icmp") quote += type == 0 ? " type=8" : " type=0";
  if (kind == "icmp6") quote += type == 129 ? " type=128" : " type=129";
  return quote;
}

// About a packet of a conversation that came to the port, in right form or nearly so; its sum is right, though what it
// quotes was mutated, for else nobody looks at that.
Sent PacketSource::error() {
  static const std::vector<std::string> kMore4 = {"", "", "", " fragment=0x2000", " ip_options=94040000", " check=0"};
  static const std::vector<std::string> kMore6 = {
      "", "", "", " extensions=44:00000100000007", " extensions=60:00010400000000", " check=0"};
  static const std::vector<std::string> kTypes4 = {"3", "3", "3", "11", "12"}, kTypes6 = {"1", "2", "2", "3", "4"};
  static const std::vector<uint64_t> kWords = {0, 6, 552, 1279, 1280, 1400, 8500, 70000, 0x08000000, 0x10000000};
  const Line line = pick(conversations());
  const bool ipv6 = is_ipv6(line.packet);
  Words words = split(line.packet);
  words.next("kind");
  const std::string from = without_port(words.next("source"));
  words.next(">");
  const std::string to = without_port(words.next("destination"));
  const uint64_t least = ipv6 ? 48 : 28, data = below(1400);
  std::string text = fmt::format("{} {} > {} type={} code={} mtu={}", ipv6 ? "icmp6" : "icmp", from, to,
                                 pick(ipv6 ? kTypes6 : kTypes4), below(chance(4) ? 17 : 5), pick(kWords));
  text += fmt::format(" {{ {} data={}{}", quote_of(line), data, pick(ipv6 ? kMore6 : kMore4));
  if (chance(2)) text += fmt::format(" bytes={}", least + below(chance(2) ? 1 : data + 1));
  text += " }";
  if (chance(8)) text += ipv6 ? " extensions=60:00010400000000" : " ip_options=94040000";
  Frame frame = build(split(text), world_.mac_of(line.port), kRouterMac);
  if (chance(3)) change_quote(frame);
  if (chance(6)) mutate(frame);
  make_long_enough(frame);
  if (!chance(8)) renew_icmp_sums(frame);
  return {line.port, frame};
}

std::vector<Sent> PacketSource::datagram() {
  Line line = pick(conversations());
  while (line.packet.starts_with("tcp")) line = pick(conversations());
  const bool ipv6 = is_ipv6(line.packet);
  const uint64_t id = next_id_++, whole = 8 + 16 + below(2500);
  const std::string text = line.packet + fmt::format(" data={}", whole - 8) +
                           (!ipv6 && line.packet[0] == 'u' && chance(16) ? " check=0" : "");
  std::vector<Sent> parts;
  for (uint64_t at = 0; at < whole;) {
    const uint64_t most = std::min<uint64_t>(whole, at + 8 + 8 * below(120)), end = whole - most < 8 ? whole : most;
    const uint64_t more = end < whole ? 1 : 0;
    std::string part = fmt::format("{} part={}-{}", text, at, end);
    part += ipv6 ? fmt::format(" extensions=44:00{:04x}{:08x}", at | more, id)
                 : fmt::format(" ip_id={} fragment={:#x}", id, at / 8 | more << 13);
    parts.push_back({line.port, build(split(part), world_.mac_of(line.port), kRouterMac)});
    at = end;
  }
  return parts;
}

// Between addresses of the world, mostly from the port's own.
PacketSource::Line PacketSource::random_line(const std::string& port) {
  static const std::map<std::string, std::string> kOwn = {
      {"a", "10.0.1.10"},       {"b", "10.0.2.20"}, {"gate", "10.0.1.30"}, {"twin", "10.0.1.10"},
      {"system", "100.64.0.1"}, {"p", "10.0.1.10"}, {"q", "10.0.3.20"}};
  static const std::vector<std::string> kAddresses = {
      "10.0.1.10",   "10.0.2.20",   "10.0.1.30", "10.0.1.100", "10.0.2.100", "10.0.0.2",  "100.64.0.1", "100.64.0.10",
      "100.64.0.12", "203.0.113.1", "10.0.9.9",  "10.0.1.200", "10.0.3.50",  "10.0.3.20", "100.64.8.1"};
  static const std::vector<std::string> kPorts = {":80", ":443", ":8443", ":53", ":4000", ":4001", ":5000"};
  const std::string source = chance(8) ? pick(kAddresses) : kOwn.at(port), target = pick(kAddresses);
  switch (below(4)) {
    case 0:
      return {port, "icmp " + source + " > " + target + " type=" + (chance(2) ? "8" : "0")};
    case 1:
      return {port, "arp request " + world_.mac_of(port).to_string() + " " + source + " 00:00:00:00:00:00 " + target};
    case 2:
      return {port, "udp " + source + pick(kPorts) + " > " + target + pick(kPorts)};
    default:
      return {port, "tcp " + source + pick(kPorts) + " > " + target + pick(kPorts)};
  }
}

Frame PacketSource::make(Line line) {
  static const std::vector<std::string> kFlags = {"S", "S", "SA", "A", "PA", "FA", "RA", "R", "SF", ""};
  static const std::vector<std::string> kOptions = {"",
                                                    " mss=9000",
                                                    " ip_options=94040000",
                                                    " options=03030702042300",
                                                    " options=0204ffff01010303",
                                                    " options=01fd0401",
                                                    " options=0101050a00000385000003e9"};
  std::string& packet = line.packet;
  if (packet[0] != 'a') packet += " data=" + std::to_string(below(64));
  // Numbers around those of a handshake with a PROXY header, in either direction.
  static const std::vector<std::string> kNumbers = {"",
                                                    " seq=1000",
                                                    " seq=1001 ack=9001",
                                                    " seq=1001 ack=9001",
                                                    " seq=1064 ack=9001",
                                                    " seq=901 ack=9001",
                                                    " seq=9000 ack=901",
                                                    " seq=9001 ack=901",
                                                    " seq=9001 ack=1001",
                                                    " seq=9001 ack=1001"};
  if (packet[0] == 't') {
    const std::string& options = pick(kOptions);
    const bool other = is_ipv6(packet) && options.starts_with(" ip_options");
    packet += " flags=" + pick(kFlags) + (other ? " extensions=60:00010400000000" : options) + pick(kNumbers);
  }
  if (packet[0] == 'u' && chance(4)) packet += " check=0";
  return build(split(packet), world_.mac_of(line.port), kRouterMac);
}

void PacketSource::mutate(Frame& frame) {
  for (uint64_t n = 1 + below(4); n > 0; n--) {
    switch (below(8)) {
      case 0:
        frame.bytes[below(frame.bytes.size())] = static_cast<uint8_t>(below(256));
        break;
      case 1:
        frame.bytes[12 + below(frame.bytes.size() - 12)] ^= static_cast<uint8_t>(1u << below(8));
        break;
      case 2:
        frame.bytes.resize(34 + below(std::max<size_t>(frame.bytes.size(), 35) - 34));
        break;
      case 3:
        frame.bytes.resize(frame.bytes.size() + below(20));
        break;
      case 4:
        frame.gso_size = static_cast<uint16_t>(pick(kSizes));
        break;
      case 5:
        insert_header(frame);
        break;
      default:
        change_field(frame);
    }
  }
  make_long_enough(frame);
}

// Fields that decide something: of Ethernet, IPv4, IPv6 at its usual place, and the transport header behind 20 bytes.
void PacketSource::change_field(Frame& frame) {
  static const std::vector<uint64_t> kTypes = {0x0800, 0x86dd, 0x0806, 0x8100, 0x88a8, 0x8847};
  static const std::vector<uint64_t> kProtocols = {0, 1, 6, 17, 41, 43, 44, 47, 50, 51, 58, 59, 60, 132, 135, 255};
  static const std::vector<uint64_t> kFragments = {0x2000, 0x4000, 0x2001, 1, 8, 0x1fff, 0};
  const auto set = [&](size_t at, uint64_t value) {
    if (at < frame.bytes.size()) frame.bytes[at] = static_cast<uint8_t>(value);
  };
  switch (below(9)) {
    case 0:
      return put_half(frame, 12, pick(kTypes));
    case 1:
      return put_half(frame, 16 + 2 * below(2), below(3) == 0 ? frame.bytes.size() - 14 : pick(kSizes));
    case 2:
      return put_half(frame, 20, pick(kFragments));
    case 3:
      return set(14, (chance(4) ? 6u : 4u) << 4 | below(16));
    case 4:
      return set(chance(2) ? 23 : 20, pick(kProtocols));
    case 5:
      return set(chance(2) ? 22 : 21, below(3));
    case 6:
      return set(46, below(16) << 4);
    case 7:
      return set(47, below(256));
    default:
      return put_half(frame, 38, pick(kSizes));
  }
}

// An extension header behind IPv6's, as one of options, a routing header or a fragment's.
void PacketSource::insert_header(Frame& frame) {
  static const std::vector<uint64_t> kHeaders = {0, 43, 44, 60, 135};
  if (frame.bytes.size() < 54 || frame.bytes[12] != 0x86) return;
  const uint64_t length = chance(8) ? below(256) : 0;
  std::vector<uint8_t> header(8 * (length + 1));
  header[0] = std::exchange(frame.bytes[20], static_cast<uint8_t>(pick(kHeaders)));
  header[1] = static_cast<uint8_t>(length);
  for (size_t i = 2; i < 4; i++) header[i] = static_cast<uint8_t>(below(4));
  frame.bytes.insert(frame.bytes.begin() + 54, header.begin(), header.end());
  put_half(frame, 18, frame.bytes.size() - 54);
}

// Fields of the packet that an error quotes, where neither has options.
void PacketSource::change_quote(Frame& frame) {
  const bool ipv6 = frame.bytes[12] == 0x86;
  const size_t ip = ipv6 ? 62 : 42, transport = ip + (ipv6 ? 40 : 20);
  static const std::vector<size_t> kFields4 = {0, 2, 4, 6, 8, 9, 10, 12, 16}, kFields6 = {0, 4, 6, 7, 8, 23, 24, 39};
  const size_t at = chance(2) ? transport + below(20) : ip + pick(ipv6 ? kFields6 : kFields4);
  if (at >= frame.bytes.size()) return;
  frame.bytes[at] = static_cast<uint8_t>(chance(2) ? frame.bytes[at] ^ 1u << below(8) : below(256));
}

}  // namespace ginnel::packet_test
