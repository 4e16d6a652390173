// Random packets, and mutations of good ones, through the real program. Bounded in number, and seeded: a failure names
// the seed, and GINNEL_FUZZ_SEED runs it again.
#include <gtest/gtest.h>
#include <linux/pkt_cls.h>
#include <unistd.h>

#include <cstdlib>
#include <random>
#include <set>

#include "case_file.h"
#include "frame.h"
#include "world.h"

namespace ginnel::packet_test {
namespace {

constexpr int kPackets = 20000;
constexpr int kPacketsAWorld = 2000;

uint64_t seed() {
  const char* given = std::getenv("GINNEL_FUZZ_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 0) : 1;
}

struct Line {
  std::string port, packet;
};

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

class Fuzzer {
 public:
  Fuzzer(uint64_t seed, Program& program) : random_(seed), program_(program), world_(program) {
    world_.apply_all(read_file(std::filesystem::path(GINNEL_PACKET_DIR) / "world.txt"));
    for (const auto& [name, mac] : world_.macs()) ports_.push_back(name);
    // In half of the worlds the balancer puts PROXY headers before the client's data.
    if (chance(2)) world_.apply("balancer 500 vpc=3 node=10.0.3.50 policy=11 proxy=1");
  }

  void one() {
    Line line = chance(4) ? random_line(pick(ports_)) : pick(kConversations);
    const std::string port = line.port;
    Frame frame = make(line);
    if (chance(3)) mutate(frame);
    const auto drops = total(program_.drops());
    const size_t flows = flow_count();
    const Outcome outcome = program_.run(world_.device(port).ifindex(), frame);
    check(port, frame, outcome, total(program_.drops()) - drops, flows);
  }

  [[nodiscard]] int delivered() const { return delivered_; }

 private:
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
      switch (below(4)) {
        case 0:
          frame.bytes[below(frame.bytes.size())] = static_cast<uint8_t>(below(256));
          break;
        case 1:
          frame.bytes[12 + below(frame.bytes.size() - 12)] ^= static_cast<uint8_t>(1u << below(8));
          break;
        case 2:  // the kernel's test run refuses less than an IP header itself
          frame.bytes.resize(34 + below(frame.bytes.size() - 33));
          break;
        default:
          frame.bytes.resize(frame.bytes.size() + below(20));
      }
    }
  }

  static uint64_t total(const std::map<std::string, uint64_t>& drops) {
    uint64_t sum = 0;
    for (const auto& [name, count] : drops) sum += count;
    return sum;
  }

  // Entries of the table; counted only now and then, as it takes long.
  size_t flow_count() {
    counted_ = chance(10);
    return counted_ ? program_.flows().all().size() : 0;
  }

  void check(const std::string& port, const Frame& in, const Outcome& out, uint64_t drops, size_t flows) {
    SCOPED_TRACE("from " + port + ":\n" + dump(in.bytes) + "\nbecame\n" + dump(out.bytes));
    if (out.verdict == TC_ACT_SHOT) {
      EXPECT_EQ(drops, 1u) << "a drop is counted under one reason";
      if (counted_) {
        EXPECT_EQ(program_.flows().all().size(), flows) << "a dropped packet made or ended a flow";
      }
      return;
    }
    ASSERT_EQ(out.verdict, TC_ACT_REDIRECT);
    EXPECT_EQ(drops, 0u);
    EXPECT_TRUE(std::equal(kRouterMac.bytes.begin(), kRouterMac.bytes.end(), out.bytes.begin() + 6));
    if (out.bytes[12] == 8 && out.bytes[13] == 6) return;  // an answer to ARP
    check_port(port, out);
    delivered_++;
    if (checksums_right(in.bytes)) {
      EXPECT_TRUE(checksums_right(out.bytes)) << "a right checksum became wrong";
    }
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
    static const std::set<std::string> kProvider = {"p", "q"};
    for (const auto& [name, mac] : world_.macs()) {
      if (!std::equal(mac.bytes.begin(), mac.bytes.end(), out.bytes.begin())) continue;
      EXPECT_TRUE(kReach.at(from).contains(name)) << "from " << from << " to " << name;
      EXPECT_FALSE(kProvider.contains(from) && !kProvider.contains(name) && opens(out))
          << "a provider opened a connection to " << name;
      if (name == "gate") return;  // may have opened the flow under any address
      const auto address = bytes_of_hex(kAddress.at(name));
      EXPECT_TRUE(std::equal(address.begin(), address.end(), out.bytes.begin() + 30)) << "not the address of " << name;
      return;
    }
    ADD_FAILURE() << "to a MAC that no port has";
  }

  std::mt19937_64 random_;
  Program& program_;
  World world_;
  std::vector<std::string> ports_;
  bool counted_ = false;
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
