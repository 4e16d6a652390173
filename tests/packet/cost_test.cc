// What one run of the program costs, by BPF_PROG_TEST_RUN with repetition. Prints; asserts nothing about time.
#include <gtest/gtest.h>
#include <linux/pkt_cls.h>
#include <unistd.h>

#include <cstdio>

#include "case_file.h"
#include "frame.h"
#include "world.h"

namespace ginnel::packet_test {
namespace {

constexpr uint32_t kTimes = 1000000;

class PacketCost : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root to load the packet program";
    program_ = std::make_unique<Program>();
    world_ = std::make_unique<World>(*program_);
    world_->apply_all(read_file(std::filesystem::path(GINNEL_PACKET_DIR) / "world.txt"));
  }

  Frame frame(const std::string& port, const std::string& packet) const {
    return build(split(packet), world_->mac_of(port), kRouterMac);
  }
  void measure(const std::string& what, const std::string& port, const Frame& packet, int verdict) {
    ASSERT_EQ(program_->run(world_->device(port).ifindex(), packet).verdict, verdict);
    std::printf("%-44s %5u ns\n", what.c_str(), program_->time_ns(world_->device(port).ifindex(), packet, kTimes));
  }

  std::unique_ptr<Program> program_;
  std::unique_ptr<World> world_;
};

// What the stages cost until one of them drops the packet: each line holds those above it.
TEST_F(PacketCost, OfEachStage) {
  const auto until = [&](const std::string& stage, const std::string& packet) {
    measure("dropped by the stage " + stage, "a", frame("a", packet), TC_ACT_SHOT);
  };
  until("parse", "tcp 10.0.1.10:4000 > 10.0.2.20:80 flags=S version=5");
  until("antispoof", "tcp 10.0.1.11:4000 > 10.0.2.20:80 flags=S");
  until("flow", "tcp 10.0.1.10:4000 > 10.0.2.20:80 flags=A");
  until("classify, no route", "tcp 10.0.1.10:4000 > 192.0.2.1:80 flags=S");
  until("classify, no destination", "tcp 10.0.1.10:4000 > 10.0.2.99:80 flags=S");
}

TEST_F(PacketCost, OfAFlowInsideAVpc) {
  const Frame syn = frame("a", "tcp 10.0.1.10:4000 > 10.0.2.20:80 flags=S");
  ASSERT_EQ(program_->run(world_->device("a").ifindex(), syn).verdict, TC_ACT_REDIRECT);
  // A repeated run finds the frame as the run before left it: with the MACs of the far end. The port's own MAC is
  // made the router's and the address that of a, so that every run is of the same flow.
  world_->apply("port a address=10.0.1.10 mac=02:fe:00:00:00:01 policy=1 synthetic=100.64.0.10");
  measure("known flow inside a VPC", "a", frame("a", "tcp 10.0.1.10:4000 > 10.0.2.20:80 flags=A data=64"),
          TC_ACT_REDIRECT);
}

TEST_F(PacketCost, OfAFlowThroughALink) {
  // Likewise, the translation changes every address and port into itself.
  world_->apply("port a address=10.0.1.10 mac=02:fe:00:00:00:01 policy=1 synthetic=10.0.1.10");
  world_->apply("link tcp 10.0.1.100:443 number=7 policy=3 target=10.0.1.100:443");
  const Frame syn = frame("a", "tcp 10.0.1.10:4000 > 10.0.1.100:443 flags=S");
  ASSERT_EQ(program_->run(world_->device("a").ifindex(), syn).verdict, TC_ACT_REDIRECT);
  // But for the TTL, of which each run takes one: so many runs of one frame before it would expire.
  constexpr uint32_t kHops = 250, kRounds = kTimes / kHops;
  const Frame data = frame("a", "tcp 10.0.1.10:4000 > 10.0.1.100:443 flags=A data=64 ttl=255");
  const auto drops = program_->drops();
  uint64_t total = 0;
  for (uint32_t i = 0; i < kRounds; i++) total += program_->time_ns(world_->device("a").ifindex(), data, kHops);
  EXPECT_EQ(program_->drops(), drops);
  std::printf("%-44s %5.0f ns\n", "known flow through a link, one way", static_cast<double>(total) / kRounds);
}

// Of an empty table for so many, in a world of its own.
class NewFlowCost : public PacketCost {
 protected:
  void SetUp() override {
    PacketCost::SetUp();
    if (IsSkipped()) return;
    program_ = std::make_unique<Program>(LoadOptions{1 << 18, true});
    world_ = std::make_unique<World>(*program_);
    world_->apply_all(read_file(std::filesystem::path(GINNEL_PACKET_DIR) / "world.txt"));
  }

  // Each from another port of the client, from `first` on.
  void mean(const std::string& what, const std::string& destination, int first = 20000) {
    std::vector<Frame> frames;
    for (int i = 0; i < kFlows; i++) {
      const std::string client = "10.0.1.10:" + std::to_string(first + i);
      frames.push_back(frame("a", "tcp " + client + " > " + destination + " flags=S"));
    }
    const auto drops = program_->drops();
    uint64_t total = 0;
    for (const Frame& each : frames) total += program_->time_ns(world_->device("a").ifindex(), each, 1);
    EXPECT_EQ(program_->drops(), drops);
    std::printf("%-44s %5.0f ns\n", what.c_str(), static_cast<double>(total) / kFlows);
  }

  static constexpr int kFlows = 20000;
};

TEST_F(NewFlowCost, OfEachWay) {
  mean("new flow inside a VPC", "10.0.2.20:80");
  mean("new flow through a link", "10.0.1.100:443");
  mean("new flow through a balancer", "10.0.1.200:443");
  for (const auto& [key, flow] : program_->flows().all()) {
    ginnel_flow over = flow;
    over.state |= GINNEL_FLOW_RST;
    program_->flows().put(key, over);
  }
  mean("a flow again, through a balancer", "10.0.1.200:443");
}

// The last of so many ingress rules lets it through.
TEST_F(NewFlowCost, ByRules) {
  int first = 1000;
  for (const auto& [name, others] : {std::pair("10", 9), std::pair("100", 99), std::pair("1,000", 999)}) {
    world_->apply("policy 2");
    world_->apply("rule 2 ingress tcp from=22 to=22 peer=10.9.0.0/16 times=" + std::to_string(others));
    world_->apply("rule 2 ingress tcp from=80 to=80 peer=10.0.1.0/24");
    mean("new flow by the last of " + std::string(name) + " rules", "10.0.2.20:80", first);
    first += kFlows;
  }
}

TEST_F(PacketCost, OfAPortThatIsHardToFind) {
  program_ = std::make_unique<Program>(LoadOptions{1 << 18, true});
  world_ = std::make_unique<World>(*program_);
  world_->apply_all(read_file(std::filesystem::path(GINNEL_PACKET_DIR) / "world.txt"));
  world_->apply("occupy vpc=3 tcp 10.0.3.20:8080 > 10.0.3.50 first=10536");
  const Frame syn = frame("a", "tcp 10.0.1.10:20000 > 10.0.1.200:443 flags=S");
  std::printf("%-44s %5u ns\n", "a scan of all 55,000 ports", program_->time_ns(world_->device("a").ifindex(), syn, 1));
  std::printf("%-44s %5u ns\n", "refusal within the second after it",
              program_->time_ns(world_->device("a").ifindex(), syn, 1000));
}

TEST_F(PacketCost, OfADropByPolicy) {
  const Frame syn = frame("a", "tcp 10.0.1.10:4000 > 10.0.2.20:80 flags=S");
  for (const auto& [name, count] : {std::pair("one rule each way", 1), std::pair("10 ingress rules", 10),
                                    std::pair("100 ingress rules", 100), std::pair("1,000 ingress rules", 1000)}) {
    world_->apply("policy 2");
    world_->apply("rule 2 ingress tcp from=22 to=22 peer=10.9.0.0/16 times=" + std::to_string(count));
    measure("drop after " + std::string(name), "a", syn, TC_ACT_SHOT);
  }
}

}  // namespace
}  // namespace ginnel::packet_test
