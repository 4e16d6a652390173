// Flows are cut and taken out again and again while packets pass on two processors: every packet that an instance has
// sent was delivered and counted, or dropped and counted.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>

#include <array>
#include <atomic>
#include <fstream>
#include <sstream>
#include <thread>
#include <vector>

#include "dataplane/flow_gc.h"
#include "dataplane/net/small_region.h"
#include "dataplane/netns.h"
#include "dataplane/programs.h"
#include "dataplane/running_flows.h"
#include "dataplane/running_tables.h"

namespace ginnel::dataplane {
namespace {

constexpr uint16_t kPort = 7000;
constexpr int kRounds = 150;
constexpr timespec kPace{0, 50000};

UniqueFd netns(const std::string& name) { return UniqueFd(open(("/run/netns/" + name).c_str(), O_RDONLY | O_CLOEXEC)); }

// What the instance's own device says that it has sent, in packets.
uint64_t sent_by(const std::string& name) {
  uint64_t out = 0;
  const UniqueFd there = netns(name);
  EXPECT_GOOD(in_namespace(there.get(), [&]() -> Status {
    std::ifstream lines("/proc/thread-self/net/dev");
    for (std::string line; std::getline(lines, line);) {
      const size_t colon = line.find(':');
      if (colon == std::string::npos || line.substr(0, colon).ends_with(" lo")) continue;
      std::array<uint64_t, 10> fields{};  // eight of what was received come first
      std::istringstream numbers(line.substr(colon + 1));
      for (auto& field : fields) numbers >> field;
      out += fields[9];
    }
    return {};
  }));
  return out;
}

// Datagrams to the other instance, to and from several ports, from begin() to end(). The sockets of
// both sides are there before either begins: a port where nobody listens would be told of by ICMP.
class Flood {
 public:
  Flood(const std::string& from, const IpAddress& from_address, const IpAddress& to) {
    const UniqueFd there = netns(from);
    for (uint16_t i = 0; i < 4; ++i) {
      UniqueFd fd;
      EXPECT_GOOD(in_namespace(there.get(), [&]() -> Status {
        fd.reset(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        return fd ? Status{} : Status(fail_errno("make", "socket"));
      }));
      sockaddr_in own{};
      own.sin_family = AF_INET;
      own.sin_addr.s_addr = htonl(from_address.v4());
      own.sin_port = htons(static_cast<uint16_t>(kPort + i));
      sockaddr_in far = own;
      far.sin_addr.s_addr = htonl(to.v4());
      EXPECT_EQ(bind(fd.get(), reinterpret_cast<const sockaddr*>(&own), sizeof own), 0);
      EXPECT_EQ(connect(fd.get(), reinterpret_cast<const sockaddr*>(&far), sizeof far), 0);
      sockets_.push_back(std::move(fd));
    }
  }
  void begin() {
    thread_ = std::thread([this] {
      while (!ending_) {
        for (const auto& fd : sockets_) (void)send(fd.get(), "x", 1, MSG_DONTWAIT);
        nanosleep(&kPace, nullptr);
      }
    });
  }
  ~Flood() { end(); }
  void end() {
    ending_ = true;
    if (thread_.joinable()) thread_.join();
  }

 private:
  std::vector<UniqueFd> sockets_;
  std::atomic<bool> ending_ = false;
  std::thread thread_;
};

class CutUnderLoad : public RegionTest {
 protected:
  void SetUp() override {
    RegionTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    ASSERT_GOOD(dataplane_->apply(two_friends(tag_)));
    for (const auto& [name, other] : {std::pair("a", "10.0.1.6"), std::pair("b", "10.0.1.5")}) {
      // So that nobody asks for it meanwhile.
      ASSERT_EQ(run({"ip", "-n", instance(name), "neighbour", "replace", other, "lladdr", "02:fe:00:00:00:01", "nud",
                     "permanent", "dev", "eth0"}),
                0);
      at_first_.push_back(sent_by(instance(name)));
    }
  }
  // Delivered or dropped, of each.
  std::vector<uint64_t> counted() const {
    const auto counts = dataplane_->counts();
    EXPECT_GOOD(counts);
    std::vector<uint64_t> out;
    for (const char* id : {"eni-1-5", "eni-1-6"}) {
      const PortCounts port = counts ? counts->ports.at(id) : PortCounts{};
      out.push_back(port.sent_packets);
      for (const auto& [reason, packets] : port.drops) out.back() += packets;
    }
    return out;
  }
  std::vector<uint64_t> sent() const {
    return {sent_by(instance("a")) - at_first_[0], sent_by(instance("b")) - at_first_[1]};
  }
  void expect_all_counted() const {
    EXPECT_TRUE(wait_until([&] { return counted() == sent(); }));
    EXPECT_EQ(counted(), sent());
    const auto counts = dataplane_->counts();
    ASSERT_GOOD(counts);
    const PortCounts a = counts->ports.at("eni-1-5"), b = counts->ports.at("eni-1-6");
    EXPECT_EQ(a.sent_packets, b.received_packets);
    EXPECT_EQ(a.sent_bytes, b.received_bytes);
    EXPECT_EQ(b.sent_packets, a.received_packets);
  }
  FlowFilter of_vpc() const {
    FlowFilter out;
    out.vpc = 1;
    return out;
  }

  std::vector<uint64_t> at_first_;
};

TEST_P(CutUnderLoad, ByAMarkThatTheNextPacketFinds) {
  Flood there(instance("a"), ip("10.0.1.5"), ip("10.0.1.6")), back(instance("b"), ip("10.0.1.6"), ip("10.0.1.5"));
  there.begin();
  back.begin();
  size_t cut = 0;
  for (int round = 0; round < kRounds; ++round) {
    auto running = RunningFlows::open(tag_);
    ASSERT_GOOD(running);
    const auto flows = running->cut(of_vpc(), monotonic_seconds());
    ASSERT_GOOD(flows);
    cut += *flows;
  }
  there.end();
  back.end();
  EXPECT_GT(cut, size_t{kRounds});
  EXPECT_GT(dropped("flow_cut"), 0U);
  expect_all_counted();
}

TEST_P(CutUnderLoad, ByTheDaemonThatTakesThemOut) {
  Flood there(instance("a"), ip("10.0.1.5"), ip("10.0.1.6")), back(instance("b"), ip("10.0.1.6"), ip("10.0.1.5"));
  there.begin();
  back.begin();
  const auto running = running_program(tag_);
  ASSERT_GOOD(running);
  const auto tables = tables_of(*running);
  ASSERT_GOOD(tables);
  auto program = EndProgram::load(*running);
  ASSERT_GOOD(program);
  size_t ended = 0;
  EXPECT_TRUE(wait_until([&] {
    std::vector<ginnel_flow_key> keys;
    EXPECT_GOOD(tables->flows.for_each([&](const ginnel_flow_key& key, const ginnel_flow&) { keys.push_back(key); }));
    const auto entries = program->ender().end(keys);
    EXPECT_GOOD(entries);
    ended += entries.value_or(0);
    return ended >= 20 * kRounds;
  }));
  there.end();
  back.end();
  expect_all_counted();
}

TEST_P(CutUnderLoad, ConnectionsThatAreResetAndMadeAgain) {
  const auto listener = listen_tcp(instance("b"), ip("10.0.1.6"), kPort);
  ASSERT_GOOD(listener);
  std::atomic<bool> ending = false;
  std::atomic<uint64_t> broken = 0;
  std::thread client([&] {
    while (!ending) {
      const auto one = connect_tcp(instance("a"), ip("10.0.1.6"), kPort);
      if (!one) continue;  // cut in its handshake
      const auto other = accept_tcp(listener->get());
      if (!other) continue;
      while (!ending && exchange(one->get(), other->get(), "question").empty() &&
             exchange(other->get(), one->get(), "answer").empty()) {
      }
      ++broken;
    }
  });
  for (int round = 0; round < kRounds; ++round) {
    auto running = RunningFlows::open(tag_);
    EXPECT_GOOD(running);
    if (!running) continue;
    EXPECT_GOOD(running->cut(of_vpc(), monotonic_seconds()));
  }
  ending = true;
  client.join();
  EXPECT_GT(broken, 10U);
  expect_all_counted();
}

INSTANTIATE_TEST_SUITE_P(One, CutUnderLoad, testing::Values(AttachMode::automatic));

}  // namespace
}  // namespace ginnel::dataplane
