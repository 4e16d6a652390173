// Random packets, and mutations of good ones, through the real program. Bounded in number, and seeded: a failure names
// the seed, and GINNEL_FUZZ_SEED runs it again.
#include <gtest/gtest.h>
#include <linux/pkt_cls.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "case_file.h"
#include "frame.h"
#include "frame_view.h"
#include "fuzz_packets.h"
#include "world.h"

namespace ginnel::packet_test {
namespace {

constexpr int kPackets = 200000;
constexpr int kPacketsAWorld = 10000;

uint64_t seed() {
  const char* given = std::getenv("GINNEL_FUZZ_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 0) : 1;
}

// What a dropped packet must leave as it was: the entries and what they have counted, what is remembered of datagrams
// and handshakes, and how many flows each port has.
struct Tables {
  std::map<std::string, std::pair<uint64_t, uint64_t>> flows;  // packets, bytes
  std::set<std::string> proxies;
  std::map<std::string, std::string> datagrams;
  std::map<uint32_t, std::vector<uint64_t>> ports;

  bool operator==(const Tables&) const = default;
  [[nodiscard]] bool same_flows(const Tables& other) const {
    return std::equal(flows.begin(), flows.end(), other.flows.begin(), other.flows.end(),
                      [](const auto& a, const auto& b) { return a.first == b.first; });
  }
};

std::string bytes_of(const ginnel_flow_key& key) { return {reinterpret_cast<const char*>(&key), sizeof key}; }

Tables tables_of(const Program& program) {
  Tables tables;
  for (const auto& [key, flow] : program.flows().all()) tables.flows[bytes_of(key)] = {flow.packets, flow.bytes};
  for (const auto& [key, proxy] : program.proxies().all()) tables.proxies.insert(bytes_of(key));
  tables.datagrams = program.datagrams();
  for (const auto& [port, count] : program.port_counts().all()) {
    const std::vector<uint64_t> counts = {count.opened, count.accepted, count.tracked};
    if (counts != std::vector<uint64_t>(counts.size())) tables.ports[port] = counts;
  }
  return tables;
}

class Fuzzer {
 public:
  Fuzzer(uint64_t seed, Program& program) : program_(program), world_(program) {
    world_.apply_all(read_file(std::filesystem::path(GINNEL_PACKET_DIR) / "world.txt"));
    source_.emplace(seed, world_);
    drops_ = total(program_.drops());
    // In half of the worlds the balancer puts PROXY headers before the client's data.
    if (source_->chance(2)) world_.apply("balancer 500 vpc=3 node=10.0.3.50 policy=11 proxy=1");
  }

  void one() {
    if (source_->chance(8)) return datagram();
    send(source_->next());
  }

  [[nodiscard]] int delivered() const { return delivered_; }
  [[nodiscard]] int errors() const { return errors_; }
  [[nodiscard]] int datagrams() const { return datagrams_; }

 private:
  Outcome send(const Sent& sent) {
    counted_ = source_->chance(40);  // reading the tables takes longer than a packet
    const Tables before = counted_ ? tables_of(program_) : Tables{};
    const Outcome outcome = program_.run(world_.device(sent.port).ifindex(), sent.frame);
    const uint64_t drops = total(program_.drops());
    check(sent.port, sent.frame, outcome, drops - drops_, before);
    drops_ = drops;
    return outcome;
  }

  // In fragments: what all of them become is one whole datagram, unless one was changed, left out or came again.
  void datagram() {
    std::vector<Sent> parts = source_->datagram();
    const bool whole = source_->chance(2);
    if (!whole) {
      const size_t at = source_->below(parts.size()), other = source_->below(parts.size());
      if (source_->chance(2)) source_->mutate(parts[at].frame);
      if (source_->chance(4)) std::swap(parts[at], parts[other]);
      if (source_->chance(4)) parts.push_back(parts[at]);
      if (source_->chance(4)) parts.erase(parts.begin() + static_cast<ptrdiff_t>(source_->below(parts.size())));
    }
    std::vector<std::vector<uint8_t>> out;
    for (const Sent& part : parts) {
      const Outcome outcome = send(part);
      if (outcome.verdict == TC_ACT_REDIRECT) out.push_back(outcome.bytes);
    }
    if (!whole || out.empty()) return;
    std::string all;
    for (const Sent& part : parts) all += "from " + part.port + ":\n" + dump(part.frame.bytes) + "\n";
    for (const auto& bytes : out) all += "became\n" + dump(bytes) + "\n";
    SCOPED_TRACE(all);
    EXPECT_EQ(out.size(), parts.size()) << "only some of a datagram's fragments pass";
    EXPECT_TRUE(parts_right(out)) << "the parts make no datagram with a right checksum";
    datagrams_++;
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
      expect_unchanged(before, "a dropped packet made, ended or counted for a flow");
      return;
    }
    ASSERT_EQ(out.verdict, TC_ACT_REDIRECT);
    EXPECT_TRUE(std::equal(kRouterMac.bytes.begin(), kRouterMac.bytes.end(), out.bytes.begin() + 6));
    if (out.bytes[12] == 8 && out.bytes[13] == 6) return;  // an answer to ARP
    if (is_routers_answer(port, out, drops) || is_refusal(port, out, drops)) {
      expect_unchanged(before, "a packet that was answered made, ended or counted for a flow");
    } else {
      EXPECT_EQ(drops, 0u);
      check_port(port, out);
      delivered_++;
    }
    if (checksums_right(in.bytes)) {
      EXPECT_TRUE(checksums_right(out.bytes)) << "a right checksum became wrong";
    }
    if (drops == 0 && quotes_packet(in.bytes)) check_error(in, out, before);
    if (counted_ && is_later_part(in.bytes)) {
      EXPECT_TRUE(tables_of(program_).same_flows(before)) << "a later fragment opened or ended a flow";
    }
  }

  void expect_unchanged(const Tables& before, const char* otherwise) {
    if (!counted_) return;
    EXPECT_TRUE(tables_of(program_) == before) << otherwise;
  }

  // An ICMP error passed: for the sender of what it quotes, whose sums are as right as before, and counted for no flow.
  void check_error(const Frame& in, const Outcome& out, const Tables& before) {
    errors_++;
    ASSERT_TRUE(quotes_packet(out.bytes)) << "an error became none";
    EXPECT_TRUE(quote_is_of_receiver(out.bytes)) << "its receiver did not send what it quotes";
    if (quote_right(in.bytes)) {
      EXPECT_TRUE(quote_right(out.bytes)) << "a right checksum of the quoted packet became wrong";
    }
    expect_unchanged(before, "an error made, ended or counted for a flow");
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

  // To the sender itself, ICMP that only a router sends: an error, which is counted, or an advertisement as neighbour.
  bool is_routers_answer(const std::string& port, const Outcome& out, uint64_t drops) const {
    const MacAddress& own = world_.mac_of(port);
    if (!std::equal(own.bytes.begin(), own.bytes.end(), out.bytes.begin()) || out.bytes.size() < 55) return false;
    if (out.bytes[12] == 8) return drops == 1 && out.bytes[23] == 1 && out.bytes[34] == 3 && out.bytes[35] == 4;
    return drops == 0 && out.bytes[20] == 58 && out.bytes[54] == 136;
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
        {"gate", {"a", "b", "gate", "system", "q"}},  // as anybody, so it may answer itself
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

  Program& program_;
  World world_;
  std::optional<PacketSource> source_;
  bool counted_ = false;
  uint64_t drops_ = 0;  // so far
  int delivered_ = 0, errors_ = 0, datagrams_ = 0;
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
    EXPECT_GT(fuzzer.errors(), kPacketsAWorld / 50) << "hardly an ICMP error finds its flow";
    EXPECT_GT(fuzzer.datagrams(), kPacketsAWorld / 100) << "hardly a datagram passes in fragments";
  }
}

}  // namespace
}  // namespace ginnel::packet_test
