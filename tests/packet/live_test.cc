// The program attached to devices, with real frames: what BPF_PROG_TEST_RUN cannot show. Where does a packet go out,
// and are checksums right that the sender left to be finished, as every local sender does?
#include <gtest/gtest.h>
#include <unistd.h>

#include "case_file.h"
#include "frame.h"
#include "world.h"

namespace ginnel::packet_test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class LivePackets : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root to load the packet program";
    program_ = std::make_unique<Program>(LoadOptions{.max_flows = 1024, .redirect_peer = false});
    world_ = std::make_unique<World>(*program_);
    world_->apply_all(read_file(std::filesystem::path(GINNEL_PACKET_DIR) / "world.txt"));
    world_->attach_everywhere();
  }

  Frame frame(const std::string& port, const std::string& packet) const {
    return build(split(packet), world_->mac_of(port), kRouterMac);
  }
  void send(const std::string& port, const std::string& packet) {
    world_->device(port).write(frame(port, packet).bytes);
  }
  // A frame as the program sends it to the port, in order.
  void expect(const std::string& port, const std::string& packet) {
    const auto got = world_->device(port).read(seconds(5));
    ASSERT_TRUE(got) << "nothing came out of " << port;
    EXPECT_EQ(dump(*got), dump(build(split(packet), kRouterMac, world_->mac_of(port)).bytes));
  }
  // What is sent is sent before write() returns, so that nothing more can be on its way.
  void expect_silence() {
    for (const auto& [port, mac] : world_->macs()) {
      EXPECT_FALSE(world_->device(port).read(milliseconds(0))) << "something came out of " << port;
    }
  }
  void expect_dropped(const std::string& reason) {
    EXPECT_EQ(program_->drops(), (std::map<std::string, uint64_t>{{reason, 1}}));
    expect_silence();
  }
  void open_flow() {
    send("a", "tcp 10.0.1.10:4000 > 10.0.1.100:443 flags=S seq=1000");
    expect("system", "tcp 100.64.0.10:4000 > 100.64.0.1:8443 flags=S seq=1000 ttl=63");
  }

  std::unique_ptr<Program> program_;
  std::unique_ptr<World> world_;
};

TEST_F(LivePackets, GoOutWhereTheyShouldAndNowhereElse) {
  send("a", "tcp 10.0.1.10:4000 > 10.0.2.20:80 flags=S");
  expect("b", "tcp 10.0.1.10:4000 > 10.0.2.20:80 flags=S");
  open_flow();
  send("system", "tcp 100.64.0.1:8443 > 100.64.0.10:4000 flags=SA ack=1001");
  expect("a", "tcp 10.0.1.100:443 > 10.0.1.10:4000 flags=SA ack=1001 ttl=63");
  expect_silence();
  EXPECT_TRUE(program_->drops().empty());
}

TEST_F(LivePackets, AnArpRequestIsAnsweredToItsSender) {
  send("a", "arp request 02:00:00:00:00:0a 10.0.1.10 00:00:00:00:00:00 10.0.1.1 to_mac=ff:ff:ff:ff:ff:ff");
  expect("a", "arp reply 02:fe:00:00:00:01 10.0.1.1 02:00:00:00:00:0a 10.0.1.10");
  expect_silence();
}

TEST_F(LivePackets, AnUnfinishedChecksumComesOutRight) {
  open_flow();
  world_->device("a").write_unfinished(
      frame("a", "tcp 10.0.1.10:4000 > 10.0.1.100:443 flags=PA seq=1001 data=777").bytes, 0);
  expect("system", "tcp 100.64.0.10:4000 > 100.64.0.1:8443 flags=PA seq=1001 data=777 ttl=63");
}

TEST_F(LivePackets, SoItDoesWhenTheMssIsLowered) {
  world_->device("a").write_unfinished(frame("a", "tcp 10.0.1.10:4000 > 10.0.1.100:443 flags=S mss=8960").bytes, 0);
  expect("system", "tcp 100.64.0.10:4000 > 100.64.0.1:8443 flags=S mss=8460 ttl=63");
}

TEST_F(LivePackets, SegmentsThatAreCutLaterComeOutRight) {
  open_flow();
  world_->device("a").write_unfinished(
      frame("a", "tcp 10.0.1.10:4000 > 10.0.1.100:443 flags=PA seq=1001 data=20000").bytes, 1400);
  size_t payload = 0;
  while (payload < 20000) {
    const auto segment = world_->device("system").read(seconds(5));
    ASSERT_TRUE(segment) << "after " << payload << " bytes";
    EXPECT_TRUE(checksums_right(*segment)) << dump(*segment);
    payload += segment->size() - 54;
  }
  EXPECT_EQ(payload, 20000u);
  expect_silence();
}

TEST_F(LivePackets, BothResetsOfACutFlowAreRightAlsoOfAnUnfinishedSegment) {
  for (const uint16_t gso_size : {0, 1400}) {
    open_flow();
    world_->apply("cut");
    world_->device("a").write_unfinished(
        frame("a", "tcp 10.0.1.10:4000 > 10.0.1.100:443 flags=PA seq=1001 ack=9001 data=5000").bytes, gso_size);
    expect("system", "tcp 100.64.0.10:4000 > 100.64.0.1:8443 flags=RA seq=1001 ack=9001 window=0");
    expect("a", "tcp 10.0.1.100:443 > 10.0.1.10:4000 flags=R seq=9001 window=0");
    expect_silence();
  }
}

// From a through an endpoint to q: IPv6 all the way, and to an IPv4 target.
class LiveFamilies : public LivePackets, public testing::WithParamInterface<bool> {
 protected:
  static constexpr const char* kClient = "[2001:db8:1::a]:20000";

  void SetUp() override {
    LivePackets::SetUp();
    if (IsSkipped()) return;
    world_->apply("link tcp [2001:db8:1::200]:443 number=30 policy=3 balancer=500 endpoint=vpce-0123456789abcdef0");
    send("a", to_endpoint() + " flags=S");
    ASSERT_TRUE(world_->device("q").read(seconds(5)));  // one that became IPv4 has a number at random
  }

  static std::string to_endpoint() { return std::string("tcp ") + kClient + " > " + endpoint(); }
  static std::string from_endpoint() { return "tcp " + endpoint() + " > " + kClient; }
  static std::string endpoint() { return GetParam() ? "[2001:db8:1::200]:6443" : "[2001:db8:1::200]:443"; }
  static std::string node() { return GetParam() ? "[2001:db8:3::50]:20000" : "10.0.3.50:20000"; }
  static std::string target() { return GetParam() ? "[2001:db8:3::20]:8080" : "10.0.3.20:8080"; }

  void expect_pieces(const std::string& port, size_t headers) {
    size_t payload = 0;
    while (payload < 20000) {
      const auto segment = world_->device(port).read(seconds(5));
      ASSERT_TRUE(segment) << "after " << payload << " bytes";
      EXPECT_TRUE(checksums_right(*segment)) << dump(*segment);
      payload += segment->size() - headers;
    }
    EXPECT_EQ(payload, 20000u);
    expect_silence();
  }
};

TEST_P(LiveFamilies, UnfinishedChecksumsComeOutRight) {
  world_->device("a").write_unfinished(frame("a", to_endpoint() + " flags=PA seq=1001 data=1400").bytes, 0);
  expect("q",
         "tcp " + node() + " > " + target() + " flags=PA seq=1001 data=1400 ttl=63" + (GetParam() ? "" : " ip_id=0"));
  world_->device("q").write_unfinished(
      frame("q", "tcp " + target() + " > " + node() + " flags=PA seq=9001 data=777").bytes, 0);
  expect("a", from_endpoint() + " flags=PA seq=9001 data=777 ttl=63");
}

TEST_P(LiveFamilies, SegmentsThatAreCutLaterComeOutRight) {
  world_->device("a").write_unfinished(frame("a", to_endpoint() + " flags=PA seq=1001 data=20000").bytes, 1400);
  expect_pieces("q", GetParam() ? 74 : 54);
  world_->device("q").write_unfinished(
      frame("q", "tcp " + target() + " > " + node() + " flags=PA seq=9001 data=20000").bytes, 1400);
  expect_pieces("a", 74);
}

INSTANTIATE_TEST_SUITE_P(Both, LiveFamilies, testing::Values(true, false),
                         [](const auto& item) { return item.param ? "Ipv6" : "ToIpv4"; });

// The rest is in cases/proxy.txt; these are the segments that come in a second time.
class LiveHeaders : public LivePackets {
 protected:
  static constexpr const char* kHeader =
      "tcp 10.0.3.50:20000 > 10.0.3.20:8080 flags=PA seq=901 ack=9001 "
      "proxy=10.0.1.10:20000>10.0.1.200:443/vpce-0123456789abcdef0 ttl=63";

  void SetUp() override {
    LivePackets::SetUp();
    if (IsSkipped()) return;
    world_->apply("balancer 500 vpc=3 node=10.0.3.50 policy=11 proxy=1");
    send("a", "tcp 10.0.1.10:20000 > 10.0.1.200:443 flags=S seq=1000");
    expect("q", "tcp 10.0.3.50:20000 > 10.0.3.20:8080 flags=S seq=900 ttl=63");
    send("q", "tcp 10.0.3.20:8080 > 10.0.3.50:20000 flags=SA seq=9000 ack=901 window=64240");
    expect("a", "tcp 10.0.1.200:443 > 10.0.1.10:20000 flags=SA seq=9000 ack=1001 window=64140 ttl=63");
  }
};

TEST_F(LiveHeaders, DataComeBehindTheHeaderThatTheyBring) {
  send("a", "tcp 10.0.1.10:20000 > 10.0.1.200:443 flags=PA seq=1001 ack=9001 data=700");
  expect("q", kHeader);
  expect("q", "tcp 10.0.3.50:20000 > 10.0.3.20:8080 flags=PA seq=1001 ack=9001 data=700 ttl=63");
  expect_silence();
  EXPECT_TRUE(program_->drops().empty());
}

TEST_F(LiveHeaders, SoDoesAFinWhichIsNotedThen) {
  send("a", "tcp 10.0.1.10:20000 > 10.0.1.200:443 flags=FA seq=1001 ack=9001");
  expect("q", kHeader);
  expect("q", "tcp 10.0.3.50:20000 > 10.0.3.20:8080 flags=FA seq=1001 ack=9001 ttl=63");
  expect_silence();
  Words key = split("tcp 10.0.1.10:20000 > 10.0.1.200:443");
  EXPECT_EQ(program_->flows().find(World::flow_key(key))->state,
            GINNEL_FLOW_ANSWERED | GINNEL_FLOW_ESTABLISHED | GINNEL_FLOW_FIN_FORWARD);
}

TEST_F(LiveHeaders, UnfinishedChecksumsComeOutRight) {
  world_->device("a").write_unfinished(
      frame("a", "tcp 10.0.1.10:20000 > 10.0.1.200:443 flags=A seq=1001 ack=9001").bytes, 0);
  expect("q", kHeader);
  world_->device("q").write_unfinished(
      frame("q", "tcp 10.0.3.20:8080 > 10.0.3.50:20000 flags=PA seq=9001 ack=901 data=9").bytes, 0);
  expect("a", "tcp 10.0.1.200:443 > 10.0.1.10:20000 flags=PA seq=9001 ack=1001 data=9 ttl=63");
}

TEST_F(LiveHeaders, UnfinishedSynsLoseTheirDataAndOptions) {
  world_->device("a").write_unfinished(
      frame("a", "tcp 10.0.1.10:20001 > 10.0.1.200:443 flags=S seq=1000 options=220a0102030405060708 data=300").bytes,
      0);
  expect("q", "tcp 10.0.3.50:20001 > 10.0.3.20:8080 flags=S seq=900 options=01010101010101010101 ttl=63");
  world_->device("q").write_unfinished(
      frame("q", "tcp 10.0.3.20:8080 > 10.0.3.50:20001 flags=SA seq=9000 ack=901 window=64240").bytes, 0);
  expect("a", "tcp 10.0.1.200:443 > 10.0.1.10:20001 flags=SA seq=9000 ack=1001 window=64140 ttl=63");
}

TEST_F(LiveHeaders, ALargeSegmentIsCutUpBehindTheHeader) {
  world_->device("a").write_unfinished(
      frame("a", "tcp 10.0.1.10:20000 > 10.0.1.200:443 flags=PA seq=1001 ack=9001 data=20000").bytes, 1400);
  expect("q", kHeader);
  size_t payload = 0;
  while (payload < 20000) {
    const auto segment = world_->device("q").read(seconds(5));
    ASSERT_TRUE(segment) << "after " << payload << " bytes";
    EXPECT_TRUE(checksums_right(*segment)) << dump(*segment);
    payload += segment->size() - 54;
  }
  EXPECT_EQ(payload, 20000u);
  expect_silence();
}

TEST_F(LivePackets, TheMtuPasses) {
  send("a", "tcp 10.0.1.10:4000 > 10.0.2.20:80 flags=S data=8460");
  expect("b", "tcp 10.0.1.10:4000 > 10.0.2.20:80 flags=S data=8460");
}

TEST_F(LivePackets, AByteMoreIsDropped) {
  send("a", "tcp 10.0.1.10:4000 > 10.0.2.20:80 flags=S data=8461");
  expect_dropped("TOO_BIG");
}

TEST_F(LivePackets, AnIpHeaderCutShortIsDropped) {
  send("a", "tcp 10.0.1.10:4000 > 10.0.2.20:80 flags=S cut=33");
  expect_dropped("MALFORMED");
}

// The kernel takes the tag out of the frame before the program sees it.
TEST_F(LivePackets, AVlanTagIsDropped) {
  Frame tagged = frame("a", "tcp 10.0.1.10:4000 > 10.0.2.20:80 flags=S");
  const uint8_t tag[] = {0x81, 0x00, 0x00, 0x05};
  tagged.bytes.insert(tagged.bytes.begin() + 12, tag, tag + sizeof tag);
  world_->device("a").write(tagged.bytes);
  expect_dropped("NOT_IP");
}

}  // namespace
}  // namespace ginnel::packet_test
