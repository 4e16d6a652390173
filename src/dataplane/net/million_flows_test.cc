// A million flows, each opened by a packet that the program itself judges: counted, read and collected, and the one
// among them that lives is left alone.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <unistd.h>

#include <cstring>
#include <memory>

#include "dataplane/abi_values.h"
#include "dataplane/counts.h"
#include "dataplane/flow_gc.h"
#include "dataplane/net/own_network.h"
#include "dataplane/net/small_region.h"
#include "dataplane/programs.h"

namespace ginnel::dataplane {
namespace {

constexpr uint32_t kFlows = 1000000;
constexpr uint32_t kSourcePorts = 50000;
constexpr uint32_t kLoopback = 1;  // the one device of a network namespace; a test run sends nothing
constexpr uint32_t kIdle = 122;    // more than a UDP flow's

struct Datagram {
  ethhdr ethernet;
  iphdr ip;
  udphdr udp;
} __attribute__((packed));

class MillionFlows : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root: loads the packet program";
    LoadOptions options;
    options.flows = 2 * kFlows;
    auto loaded = Program::load(options, log_);
    ASSERT_GOOD(loaded);
    program_ = std::make_unique<Program>(std::move(*loaded));
    ginnel_port port{};
    port.vpc = port.policy = 1;
    port.address = to_abi(ip("10.0.1.5"));
    std::strncpy(port.interface_id, "eni-many", sizeof port.interface_id);
    ASSERT_GOOD(tables().ports.put(kLoopback, port));
    ASSERT_GOOD(tables().routes.put(to_abi(1, Cidr(ip("10.0.0.0"), 16)), 1));
    ginnel_destination to{};
    to.oif = kLoopback;
    to.policy = 1;
    to.flags = GINNEL_DESTINATION_DEVICE;
    ASSERT_GOOD(tables().destinations.put({1, to_abi(ip("10.0.1.6"))}, to));
    ginnel_rule all{};
    all.protocol = GINNEL_ANY_PROTOCOL;
    all.peer = to_abi(ip("0.0.0.0"));
    all.prefix = 96;
    ASSERT_GOOD(tables().rules.put(0, all));
    ASSERT_GOOD(tables().policies.put(1, {{0, 1}, {0, 1}}));
  }

  Tables& tables() { return program_->tables(); }

  // Of the flow of that number.
  static Datagram datagram(uint32_t number) {
    Datagram out{};
    out.ethernet.h_proto = htons(ETH_P_IP);
    out.ip.version = 4;
    out.ip.ihl = 5;
    out.ip.tot_len = htons(sizeof out.ip + sizeof out.udp);
    out.ip.ttl = 64;
    out.ip.protocol = IPPROTO_UDP;
    out.ip.saddr = htonl(ip("10.0.1.5").v4());
    out.ip.daddr = htonl(ip("10.0.1.6").v4());
    out.udp.source = htons(static_cast<uint16_t>(10000 + number % kSourcePorts));
    out.udp.dest = htons(static_cast<uint16_t>(10000 + number / kSourcePorts));
    out.udp.len = htons(sizeof out.udp);
    return out;
  }
  int verdict(uint32_t number) {
    const Datagram packet = datagram(number);
    __sk_buff context{};
    context.ifindex = kLoopback;
    bpf_test_run_opts options{};
    options.sz = sizeof options;
    options.data_in = &packet;
    options.data_size_in = sizeof packet;
    options.ctx_in = &context;
    options.ctx_size_in = sizeof context;
    return bpf_prog_test_run_opts(program_->fd(), &options) == 0 ? static_cast<int>(options.retval) : -errno;
  }
  static ginnel_flow_key key(uint32_t number) {
    const Datagram packet = datagram(number);
    ginnel_flow_key out{};
    out.scope = 1;
    out.source = to_abi(ip("10.0.1.5"));
    out.destination = to_abi(ip("10.0.1.6"));
    out.source_port = packet.udp.source;
    out.destination_port = packet.udp.dest;
    out.protocol = GINNEL_UDP;
    return out;
  }
  PortCounts counted() {
    const auto counts = reader_.read(tables());
    EXPECT_GOOD(counts);
    return counts ? counts->ports.at("eni-many") : PortCounts{};
  }

  Log log_ = Log::discard();
  std::unique_ptr<Program> program_;
  CountReader reader_;
};

TEST_F(MillionFlows, AreTrackedCountedAndCollectedButForTheOneThatLives) {
  for (uint32_t i = 0; i < kFlows; ++i) ASSERT_EQ(verdict(i), TC_ACT_REDIRECT) << i;
  EXPECT_EQ(verdict(kFlows), TC_ACT_SHOT) << "the table is full";
  EXPECT_EQ(tables().drops.sum(GINNEL_DROP_FLOW_TABLE_FULL).value(), 1U);
  const PortCounts all = counted();
  EXPECT_EQ(all.opened, kFlows);
  EXPECT_EQ(all.tracked, kFlows);
  EXPECT_EQ(all.active, kFlows);
  EXPECT_EQ(all.sent_packets, kFlows);
  EXPECT_EQ(all.sent_bytes, kFlows * sizeof(Datagram));

  constexpr uint32_t kLives = 777777;
  const uint32_t later = monotonic_seconds() + kIdle;
  auto flow = tables().flows.get(key(kLives)).value();
  ASSERT_TRUE(flow);
  flow->last_seen_s = later;
  ASSERT_TRUE(tables().flows.replace(key(kLives), *flow).value());
  const auto report = collect_flows(tables().flows, program_->ender(), later);
  ASSERT_GOOD(report);
  EXPECT_EQ(report->entries, 2 * size_t{kFlows});
  EXPECT_EQ(report->removed, 2 * size_t{kFlows} - 2);
  EXPECT_TRUE(tables().flows.get(key(kLives)).value());
  const ginnel_flow_key forward = key(kLives);
  const auto way_back = ginnel_flow_partner(&forward, &*flow);
  EXPECT_TRUE(tables().flows.get(way_back).value());

  const PortCounts left = counted();
  EXPECT_EQ(left.tracked, 1U);
  EXPECT_EQ(left.active, 1U);
  EXPECT_EQ(left.sent_packets, kFlows);
  EXPECT_EQ(left.sent_bytes, kFlows * sizeof(Datagram));
}

}  // namespace
}  // namespace ginnel::dataplane
