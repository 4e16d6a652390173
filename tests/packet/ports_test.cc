// All source ports of a load balancer's node towards one target, taken by real SYNs.
#include <gtest/gtest.h>
#include <linux/pkt_cls.h>
#include <unistd.h>

#include <algorithm>
#include <bitset>

#include "case_file.h"
#include "frame.h"
#include "world.h"

namespace ginnel::packet_test {
namespace {

constexpr uint32_t kFirst = 10536, kPorts = 55000;

class PacketPorts : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root to load the packet program";
    program_ = std::make_unique<Program>(LoadOptions{1 << 18, true});
    world_ = std::make_unique<World>(*program_);
    world_->apply_all(read_file(std::filesystem::path(GINNEL_PACKET_DIR) / "world.txt"));
  }

  int send(const std::string& port, const std::string& packet) {
    return program_->run(world_->device(port).ifindex(), build(split(packet), world_->mac_of(port), kRouterMac))
        .verdict;
  }
  int open(const std::string& from, uint32_t port, const std::string& to) {
    return send(from, "tcp 10.0.1.10:" + std::to_string(port) + " > " + to + " flags=S");
  }
  uint64_t errors() const {
    const auto count = program_->port_errors().find(500);
    return count ? *count : 0;
  }
  // The node's ports that are in use towards 10.0.3.20:8080.
  std::bitset<65536> taken() const {
    std::bitset<65536> out;
    for (const auto& [key, flow] : program_->flows().all()) {
      if (key.scope != 3 || (flow.flags & GINNEL_FLOW_REVERSE) == 0) continue;
      if (key.source_port == __builtin_bswap16(8080)) out.set(__builtin_bswap16(key.destination_port));
    }
    return out;
  }

  std::unique_ptr<Program> program_;
  std::unique_ptr<World> world_;
};

TEST_F(PacketPorts, FiftyFiveThousandConnectionsAndTheNextIsRefusedAndCounted) {
  // Half through an endpoint, half from the provider's own VPC.
  for (uint32_t i = 0; i < kPorts; i++) {
    const bool endpoint = i % 2 == 0;
    ASSERT_EQ(open(endpoint ? "a" : "p", 1024 + i, endpoint ? "10.0.1.200:443" : "10.0.3.50:443"), TC_ACT_REDIRECT)
        << "connection " << i;
  }
  EXPECT_EQ(program_->flows().all().size(), 2 * kPorts);
  const auto used = taken();
  EXPECT_EQ(used.count(), kPorts) << "each has a port of its own";
  for (uint32_t port = 0; port < kFirst; port++) ASSERT_FALSE(used[port]) << port;
  EXPECT_EQ(errors(), 0U);

  EXPECT_EQ(open("a", 60000, "10.0.1.200:443"), TC_ACT_SHOT);
  EXPECT_EQ(errors(), 1U);
  EXPECT_EQ(program_->drops(), (std::map<std::string, uint64_t>{{"NO_SOURCE_PORT", 1}}));
  EXPECT_EQ(program_->flows().all().size(), 2 * kPorts) << "the refused one left something";

  // Those that stand go on, and another target has all of its ports.
  EXPECT_EQ(send("a", "tcp 10.0.1.10:1024 > 10.0.1.200:443 flags=A"), TC_ACT_REDIRECT);
  EXPECT_EQ(send("p", "tcp 10.0.1.10:56023 > 10.0.3.50:443 flags=A"), TC_ACT_REDIRECT);
  world_->apply("table 500 21");
  EXPECT_EQ(open("a", 60000, "10.0.1.200:443"), TC_ACT_REDIRECT);
}

TEST_F(PacketPorts, APortThatWasGivenBackIsFoundAfterTheSecond) {
  world_->apply("occupy vpc=3 tcp 10.0.3.20:8080 > 10.0.3.50 first=10536");
  ASSERT_EQ(open("a", 4000, "10.0.1.200:443"), TC_ACT_SHOT);
  ginnel_flow_key key{};
  for (const auto& [each, flow] : program_->flows().all()) {
    if (each.destination_port == __builtin_bswap16(44444)) key = each;
  }
  program_->flows().remove(key);
  // The exhaustion is remembered, unless the port is tried by chance or as the client's own.
  ASSERT_EQ(open("a", 4000, "10.0.1.200:443"), TC_ACT_SHOT);
  ASSERT_EQ(program_->exhausted().all().size(), 1U);
  auto [remembered, when] = program_->exhausted().all().front();
  program_->exhausted().put(remembered, when - 1000000000U);
  EXPECT_EQ(open("a", 4000, "10.0.1.200:443"), TC_ACT_REDIRECT);
  EXPECT_TRUE(taken()[44444]);
  EXPECT_EQ(errors(), 2U);
}

}  // namespace
}  // namespace ginnel::packet_test
