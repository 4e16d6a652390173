// Random packets, and mutations of good ones, through the real program. Bounded in number, and seeded: a failure names
// the seed, and GINNEL_FUZZ_SEED runs it again.
#include <gtest/gtest.h>
#include <linux/pkt_cls.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <utility>

#include "case_file.h"
#include "frame.h"
#include "world.h"

namespace ginnel::packet_test {
namespace {

constexpr int kPackets = 200000;
constexpr int kPacketsAWorld = 10000;

uint64_t seed() {
  const char* given = std::getenv("GINNEL_FUZZ_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 0) : 1;
}

struct Line {
  std::string port, packet;
};

const std::vector<uint64_t> kSizes = {0, 1, 7, 8, 19, 20, 28, 40, 100, 1400, 1460, 8500, 9000, 65535};

// Packets that may be of flows, each way; to these come flags, options and data.
const std::vector<Line> kConversations = {
    {"a", "tcp 10.0.1.10:4000 > 10.0.2.20:80"},           {"b", "tcp 10.0.2.20:80 > 10.0.1.10:4000"},
    {"gate", "tcp 10.0.1.30:4000 > 10.0.2.20:81"},        {"b", "tcp 10.0.2.20:81 > 10.0.1.30:4000"},
    {"a", "tcp 10.0.1.10:4000 > 10.0.1.100:443"},         {"a", "tcp 10.0.1.10:4000 > 10.0.2.100:443"},
    {"system", "tcp 100.64.0.1:8443 > 100.64.0.10:4000"}, {"gate", "tcp 10.0.1.30:4000 > 10.0.1.100:443"},
    {"system", "tcp 100.64.0.1:8443 > 100.64.0.12:4000"}, {"a", "udp 10.0.1.10:4000 > 10.0.2.20:5000"},
    {"b", "udp 10.0.2.20:5000 > 10.0.1.10:4000"},         {"a", "udp 10.0.1.10:4000 > 10.0.0.2:53"},
    {"system", "udp 100.64.0.1:53 > 100.64.0.10:4000"},   {"a", "icmp 10.0.1.10 > 10.0.2.20 type=8"},
    {"b", "icmp 10.0.2.20 > 10.0.1.10 type=0"},           {"a", "tcp 10.0.1.10:20000 > 10.0.1.200:443"},
    {"q", "tcp 10.0.3.20:8080 > 10.0.3.50:20000"},        {"p", "tcp 10.0.1.10:20001 > 10.0.3.50:443"},
    {"q", "tcp 10.0.3.20:8080 > 10.0.3.50:20001"},        {"p", "udp 10.0.1.10:20002 > 10.0.3.50:443"},
    {"q", "udp 10.0.3.20:8080 > 10.0.3.50:20002"},        {"system", "tcp 100.64.0.1:2000 > 100.64.8.1:8080"},
    {"q", "tcp 10.0.3.20:8080 > 10.0.3.50:2000"},
};

// The packets of all cases, which come near to every branch.
std::vector<Line> packets_of_cases() {
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

// What a dropped packet must leave as it was: the entries, and what they have counted.
struct Tables {
  std::map<std::string, std::pair<uint64_t, uint64_t>> flows;  // packets, bytes
  std::set<std::string> proxies;

  bool operator==(const Tables&) const = default;
};

std::string bytes_of(const ginnel_flow_key& key) { return {reinterpret_cast<const char*>(&key), sizeof key}; }

Tables tables_of(const Program& program) {
  Tables tables;
  for (const auto& [key, flow] : program.flows().all()) tables.flows[bytes_of(key)] = {flow.packets, flow.bytes};
  for (const auto& [key, proxy] : program.proxies().all()) tables.proxies.insert(bytes_of(key));
  return tables;
}

class Fuzzer {
 public:
  Fuzzer(uint64_t seed, Program& program) : random_(seed), program_(program), world_(program) {
    world_.apply_all(read_file(std::filesystem::path(GINNEL_PACKET_DIR) / "world.txt"));
    for (const auto& [name, mac] : world_.macs()) ports_.push_back(name);
    drops_ = total(program_.drops());
    // In half of the worlds the balancer puts PROXY headers before the client's data.
    if (chance(2)) world_.apply("balancer 500 vpc=3 node=10.0.3.50 policy=11 proxy=1");
  }

  void one() {
    auto [port, frame] = chance(3) ? of_a_case() : of_this_world();
    counted_ = chance(40);  // reading the tables takes longer than a packet
    const Tables before = counted_ ? tables_of(program_) : Tables{};
    make_long_enough(frame);
    const Outcome outcome = program_.run(world_.device(port).ifindex(), frame);
    const uint64_t drops = total(program_.drops());
    check(port, frame, outcome, drops - drops_, before);
    drops_ = drops;
  }

  [[nodiscard]] int delivered() const { return delivered_; }

 private:
  using Sent = std::pair<std::string, Frame>;  // from which port

  Sent of_this_world() {
    const Line line = chance(4) ? random_line(pick(ports_)) : pick(kConversations);
    Frame frame = make(line);
    if (chance(3)) mutate(frame);
    return {line.port, frame};
  }

  Sent of_a_case() {
    static const std::vector<Line> kLines = packets_of_cases();
    const Line& line = pick(kLines);
    if (!world_.macs().contains(line.port)) return of_this_world();  // a port of that case only
    Frame frame = build(split(line.packet), world_.mac_of(line.port), kRouterMac);
    if (!chance(4)) mutate(frame);
    return {line.port, frame};
  }

  uint64_t below(uint64_t n) { return std::uniform_int_distribution<uint64_t>(0, n - 1)(random_); }
  bool chance(uint64_t n) { return below(n) == 0; }
  template <typename T>
  const T& pick(const std::vector<T>& from) {
    return from[below(from.size())];
  }

  // Between addresses of the world, mostly from the port's own.
  Line random_line(const std::string& port) {
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

  Frame make(Line line) {
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
    if (packet[0] == 't') packet += " flags=" + pick(kFlags) + pick(kOptions) + pick(kNumbers);
    if (packet[0] == 'u' && chance(4)) packet += " check=0";
    return build(split(packet), world_.mac_of(line.port), kRouterMac);
  }

  void mutate(Frame& frame) {
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
  }

  // The kernel's test run refuses less than an IP header behind its type, and more than fits a page. Shorter frames:
  // cases_test.cc natively, and tests/net/test_break_out.py.
  static void make_long_enough(Frame& frame) {
    const size_t least = frame.bytes[12] == 0x86 && frame.bytes[13] == 0xdd ? 54 : 34;
    frame.bytes.resize(std::clamp<size_t>(frame.bytes.size(), least, 3000));
  }

  void put_half(Frame& frame, size_t at, uint64_t value) {
    if (at + 2 > frame.bytes.size()) return;
    frame.bytes[at] = static_cast<uint8_t>(value >> 8);
    frame.bytes[at + 1] = static_cast<uint8_t>(value);
  }

  // Fields that decide something: of Ethernet, IPv4, IPv6 at its usual place, and the transport header behind 20 bytes.
  void change_field(Frame& frame) {
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
  void insert_header(Frame& frame) {
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

  static uint64_t total(const std::map<std::string, uint64_t>& drops) {
    uint64_t sum = 0;
    for (const auto& [name, count] : drops) sum += count;
    return sum;
  }

  void check(const std::string& port, const Frame& in, const Outcome& out, uint64_t drops, const Tables& before) {
    SCOPED_TRACE("from " + port + ":\n" + dump(in.bytes) + "\nbecame\n" + dump(out.bytes));
    if (out.verdict == TC_ACT_SHOT) {
      EXPECT_EQ(drops, 1u) << "a drop is counted under one reason";
      if (counted_) {
        EXPECT_TRUE(tables_of(program_) == before) << "a dropped packet made, ended or counted for a flow";
      }
      return;
    }
    ASSERT_EQ(out.verdict, TC_ACT_REDIRECT);
    EXPECT_TRUE(std::equal(kRouterMac.bytes.begin(), kRouterMac.bytes.end(), out.bytes.begin() + 6));
    if (out.bytes[12] == 8 && out.bytes[13] == 6) return;  // an answer to ARP
    if (is_routers_answer(port, out)) return;
    if (is_refusal(port, out, drops)) {
      if (counted_) {
        EXPECT_TRUE(tables_of(program_) == before) << "a refused segment made, ended or counted for a flow";
      }
    } else {
      EXPECT_EQ(drops, 0u);
      check_port(port, out);
      delivered_++;
    }
    if (checksums_right(in.bytes)) {
      EXPECT_TRUE(checksums_right(out.bytes)) << "a right checksum became wrong";
    }
  }

  // A bare TCP reset to the sender itself, in place of its segment, which is counted as dropped.
  bool is_refusal(const std::string& port, const Outcome& out, uint64_t drops) const {
    constexpr size_t kHeader = 20, kFlags = 13;
    const MacAddress& own = world_.mac_of(port);
    if (drops != 1 || !std::equal(own.bytes.begin(), own.bytes.end(), out.bytes.begin())) return false;
    const uint8_t protocol = out.bytes[12] == 8 ? out.bytes[23] : uint8_t{GINNEL_TCP};  // IPv6: behind other headers
    const uint8_t flags = out.bytes[out.bytes.size() - kHeader + kFlags];
    return protocol == GINNEL_TCP && (flags == 4 || flags == 20);
  }

  // To the sender itself, ICMP that only a router sends: an error, or an advertisement as neighbour.
  bool is_routers_answer(const std::string& port, const Outcome& out) const {
    const MacAddress& own = world_.mac_of(port);
    if (!std::equal(own.bytes.begin(), own.bytes.end(), out.bytes.begin()) || out.bytes.size() < 55) return false;
    if (out.bytes[12] == 8) return out.bytes[23] == 1 && (out.bytes[34] == 3 || out.bytes[34] == 11);
    return out.bytes[20] == 58 && (out.bytes[54] <= 4 || out.bytes[54] == 136);
  }

  // A TCP segment with SYN alone, behind an IP header without options.
  static bool opens(const Outcome& out) {
    return out.bytes.size() >= 54 && out.bytes[14] == 0x45 && out.bytes[23] == 6 && (out.bytes[47] & 0x17) == 2;
  }

  // The packet is for the port that has its MAC: is it one that the sender may reach, and is the address the port's?
  void check_port(const std::string& from, const Outcome& out) {
    static const std::map<std::string, std::set<std::string>> kReach = {
        {"a", {"b", "gate", "system", "q"}},
        {"b", {"a", "gate", "system", "q"}},
        {"gate", {"a", "b", "system", "q"}},
        {"twin", {"system"}},
        {"p", {"q", "system"}},
        {"q", {"a", "b", "gate", "p", "q", "system"}},
        {"system", {"a", "b", "gate", "twin", "p", "q"}}};
    static const std::map<std::string, std::string> kAddress = {{"a", "0a00010a"},    {"b", "0a000214"},
                                                                {"twin", "0a00010a"}, {"system", "64400001"},
                                                                {"p", "0a00010a"},    {"q", "0a000314"}};
    static const std::map<std::string, std::string> kAddress6 = {{"a", "20010db800010000000000000000000a"},
                                                                 {"b", "20010db800020000000000000000000b"},
                                                                 {"twin", "20010db800010000000000000000000a"},
                                                                 {"q", "20010db8000300000000000000000020"}};
    static const std::set<std::string> kProvider = {"p", "q"};
    for (const auto& [name, mac] : world_.macs()) {
      if (!std::equal(mac.bytes.begin(), mac.bytes.end(), out.bytes.begin())) continue;
      EXPECT_TRUE(kReach.at(from).contains(name)) << "from " << from << " to " << name;
      EXPECT_FALSE(kProvider.contains(from) && !kProvider.contains(name) && opens(out))
          << "a provider opened a connection to " << name;
      if (name == "gate") return;  // may have opened the flow under any address
      const bool ipv6 = out.bytes[12] == 0x86;
      const auto address = bytes_of_hex(ipv6 ? kAddress6.at(name) : kAddress.at(name));
      EXPECT_TRUE(std::equal(address.begin(), address.end(), out.bytes.begin() + (ipv6 ? 38 : 30)))
          << "not the address of " << name;
      return;
    }
    ADD_FAILURE() << "to a MAC that no port has";
  }

  std::mt19937_64 random_;
  Program& program_;
  World world_;
  std::vector<std::string> ports_;
  bool counted_ = false;
  uint64_t drops_ = 0;  // so far
  int delivered_ = 0;
};

TEST(PacketFuzz, NoPacketGoesWrong) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root to load the packet program";
  Program program({.max_flows = 256, .redirect_peer = true});
  for (int round = 0; round < kPackets / kPacketsAWorld; round++) {
    const uint64_t start = seed() + static_cast<uint64_t>(round);
    SCOPED_TRACE("GINNEL_FUZZ_SEED=" + std::to_string(start));
    Fuzzer fuzzer(start, program);
    for (int i = 0; i < kPacketsAWorld && !HasFailure(); i++) fuzzer.one();
    if (HasFailure()) return;
    EXPECT_GT(fuzzer.delivered(), kPacketsAWorld / 5) << "most packets are dropped before they reach anything";
  }
}

}  // namespace
}  // namespace ginnel::packet_test
