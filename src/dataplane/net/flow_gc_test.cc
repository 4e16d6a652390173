// Collecting and cutting, on a real flow map that the test fills.
#include "dataplane/flow_gc.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <vector>

#include "dataplane/abi_values.h"
#include "dataplane/net/own_network.h"
#include "dataplane/programs.h"

namespace ginnel::dataplane {
namespace {

constexpr uint32_t kNow = 10000;

class FlowGc : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root: loads the packet program";
    ASSERT_GOOD(program_->ender().end(all(flows())));
    for (const auto& key : all(proxies())) ASSERT_TRUE(proxies().erase(key).value());
  }
  static void SetUpTestSuite() {
    if (geteuid() != 0) return;
    LoadOptions options;
    options.flows = 4096;
    auto loaded = Program::load(options, log_);
    ASSERT_GOOD(loaded);
    program_ = std::make_unique<Program>(std::move(*loaded));
  }
  static void TearDownTestSuite() { program_.reset(); }

  static Map<ginnel_flow_key, ginnel_flow>& flows() { return program_->tables().flows; }
  static Map<ginnel_flow_key, ginnel_proxy>& proxies() { return program_->tables().proxies; }
  template <typename Key, typename Value>
  static std::vector<Key> all(const Map<Key, Value>& map) {
    std::vector<Key> out;
    EXPECT_GOOD(map.for_each([&](const Key& key, const Value&) { out.push_back(key); }));
    return out;
  }
  Result<CollectReport> collect() { return collect_flows(flows(), program_->ender(), kNow); }
  Result<MarkReport> cut(const Gone& gone) { return cut_flows(flows(), program_->ender(), gone); }

  // A flow in VPC 1 from 10.0.1.5 to 10.0.1.6, seen so many seconds ago in its two directions; its key.
  ginnel_flow_key add(uint8_t protocol, uint16_t port, uint32_t state, uint32_t forward_s, uint32_t reverse_s,
                      uint32_t link = 0, uint32_t target = 0) {
    ginnel_flow_key key{};
    key.scope = 1;
    key.source = to_abi(IpAddress::from_v4(0x0a000105));
    key.destination = to_abi(IpAddress::from_v4(0x0a000106));
    key.source_port = htons(port);
    key.destination_port = htons(80);
    key.protocol = protocol;
    ginnel_flow flow{};
    flow.source = key.source;
    flow.destination = key.destination;
    flow.source_port = key.source_port;
    flow.destination_port = key.destination_port;
    flow.out_scope = 1;
    flow.state = state;
    flow.link = link;
    flow.target = target;
    flow.last_seen_s = kNow - forward_s;
    const ginnel_flow_key partner = ginnel_flow_partner(&key, &flow);
    ginnel_flow reverse = flow;
    std::swap(reverse.source, reverse.destination);
    std::swap(reverse.source_port, reverse.destination_port);
    reverse.flags = GINNEL_FLOW_REVERSE;
    reverse.last_seen_s = kNow - reverse_s;
    EXPECT_GOOD(flows().put(key, flow));
    EXPECT_GOOD(flows().put(partner, reverse));
    return key;
  }
  // How many of the flow's two entries are there.
  int entries(const ginnel_flow_key& key) const {
    ginnel_flow_key partner = key;
    std::swap(partner.source, partner.destination);
    std::swap(partner.source_port, partner.destination_port);
    return (flows().get(key).value() ? 1 : 0) + (flows().get(partner).value() ? 1 : 0);
  }

  static inline Log log_ = Log::discard();
  static inline std::unique_ptr<Program> program_;
};

TEST_F(FlowGc, AFlowGoesWhenBothDirectionsAreIdleForItsLimit) {
  constexpr uint32_t kOpen = GINNEL_FLOW_ANSWERED | GINNEL_FLOW_ESTABLISHED;
  constexpr uint32_t kClosed = kOpen | GINNEL_FLOW_FIN_FORWARD | GINNEL_FLOW_FIN_REVERSE;
  struct Case {
    const char* what;
    uint8_t protocol;
    uint32_t state, forward_s, reverse_s;
    int left;
  };
  uint16_t port = 1000;
  size_t removed = 0;
  std::vector<std::pair<Case, ginnel_flow_key>> cases;
  for (const Case& each : std::vector<Case>{{"TCP at its limit", GINNEL_TCP, kOpen, 350, 350, 2},
                                            {"TCP beyond it", GINNEL_TCP, kOpen, 351, 351, 0},
                                            {"one direction alive", GINNEL_TCP, kOpen, 900, 3, 2},
                                            {"the other alive", GINNEL_TCP, kOpen, 3, 900, 2},
                                            {"never answered", GINNEL_TCP, 0, 31, 31, 0},
                                            {"not yet answered", GINNEL_TCP, 0, 30, 30, 2},
                                            {"never acknowledged", GINNEL_TCP, GINNEL_FLOW_ANSWERED, 31, 31, 0},
                                            {"half closed", GINNEL_TCP, kOpen | GINNEL_FLOW_FIN_FORWARD, 350, 350, 2},
                                            {"closed, in its rest", GINNEL_TCP, kClosed, 60, 60, 2},
                                            {"closed, rested", GINNEL_TCP, kClosed, 61, 61, 0},
                                            {"reset", GINNEL_TCP, kOpen | GINNEL_FLOW_RST, 61, 61, 0},
                                            {"UDP at its limit", GINNEL_UDP, kOpen, 120, 120, 2},
                                            {"UDP beyond it", GINNEL_UDP, kOpen, 121, 121, 0},
                                            {"seen a tick ahead", GINNEL_UDP, kOpen, 0U - 1U, 0U - 1U, 2}}) {
    cases.emplace_back(each, add(each.protocol, ++port, each.state, each.forward_s, each.reverse_s));
    removed += static_cast<size_t>(2 - each.left);
  }
  const auto report = collect();
  ASSERT_GOOD(report);
  EXPECT_EQ(report->entries, 2 * cases.size());
  EXPECT_EQ(report->removed, removed);
  for (const auto& [each, key] : cases) EXPECT_EQ(entries(key), each.left) << each.what;
}

TEST_F(FlowGc, AnEntryWithoutItsOtherHalfGoesAlone) {
  const auto key = add(GINNEL_UDP, 1000, GINNEL_FLOW_ANSWERED, 121, 0);
  ginnel_flow_key partner = key;
  std::swap(partner.source, partner.destination);
  std::swap(partner.source_port, partner.destination_port);
  ASSERT_TRUE(flows().erase(partner).value());
  EXPECT_EQ(collect().value().removed, 1U);
  EXPECT_EQ(entries(key), 0);
}

TEST_F(FlowGc, AFlowThatHasWokenUpSinceItWasSeenIdleStays) {
  const auto idle = add(GINNEL_UDP, 1000, GINNEL_FLOW_ANSWERED, 121, 121);
  const auto woken = add(GINNEL_UDP, 1001, GINNEL_FLOW_ANSWERED, 121, 121);
  const auto seen = all(flows());
  auto flow = *flows().get(woken).value();
  flow.last_seen_s = kNow;
  ASSERT_TRUE(flows().replace(woken, flow).value());
  EXPECT_EQ(program_->ender().end_idle(seen, kNow).value(), 2U);
  EXPECT_EQ(entries(idle), 0);
  EXPECT_EQ(entries(woken), 2);
}

TEST_F(FlowGc, MoreFlowsThanTheProgramTakesAtOnce) {
  for (uint16_t i = 0; i < 1000; ++i) add(GINNEL_UDP, static_cast<uint16_t>(2000 + i), GINNEL_FLOW_ANSWERED, 121, 121);
  EXPECT_EQ(collect().value().removed, 2000U);
  EXPECT_TRUE(all(flows()).empty());
}

TEST_F(FlowGc, CutMarksTcpRemovesUdpAndLeavesOtherLinks) {
  const auto tcp = add(GINNEL_TCP, 1000, GINNEL_FLOW_ANSWERED, 1, 1, 7);
  const auto udp = add(GINNEL_UDP, 1001, GINNEL_FLOW_ANSWERED, 1, 1, 7);
  const auto other = add(GINNEL_TCP, 1002, GINNEL_FLOW_ANSWERED, 1, 1, 8);
  const auto inside = add(GINNEL_TCP, 1003, GINNEL_FLOW_ANSWERED, 1, 1);
  const auto report = cut({{7}, {}, {}, {}});
  ASSERT_GOOD(report);
  EXPECT_EQ(report->flows, 2U);
  ASSERT_EQ(report->tcp.size(), 1U);
  EXPECT_EQ(report->tcp[0].source_port, tcp.source_port);
  EXPECT_NE(flows().get(tcp).value()->state & GINNEL_FLOW_CUT, 0);
  EXPECT_EQ(entries(tcp), 2);
  EXPECT_EQ(entries(udp), 0);
  for (const auto& key : {other, inside}) EXPECT_EQ(flows().get(key).value()->state & GINNEL_FLOW_CUT, 0);
  EXPECT_EQ(cut({{7}, {}, {}, {}}).value().flows, 0U) << "a flow is cut once";
}

TEST_F(FlowGc, AMarkIsSetInBothEntriesAndChangesNothingElse) {
  const auto key = add(GINNEL_TCP, 1000, GINNEL_FLOW_ANSWERED, 1, 1, 7);
  auto forward = *flows().get(key).value();
  const auto partner = ginnel_flow_partner(&key, &forward);
  auto reverse = *flows().get(partner).value();
  forward.packets = 3;
  forward.bytes = 4000;
  ASSERT_GOOD(flows().put(key, forward));
  auto nowhere = key;
  nowhere.source_port = 0;
  EXPECT_EQ(program_->ender().mark({partner, nowhere, key}).value(), 1U);
  for (const auto& [of, was] : {std::pair{key, &forward}, std::pair{partner, &reverse}}) {
    was->state |= GINNEL_FLOW_CUT;
    const auto now = flows().get(of).value();
    ASSERT_TRUE(now);
    EXPECT_EQ(std::memcmp(&*now, was, sizeof *was), 0);
  }
}

TEST_F(FlowGc, AnEntryWithoutItsOtherHalfIsCutAlone) {
  const auto key = add(GINNEL_TCP, 1000, GINNEL_FLOW_ANSWERED, 1, 1, 7);
  ASSERT_TRUE(flows().erase(key).value());
  const auto report = cut({{7}, {}, {}, {}});
  ASSERT_GOOD(report);
  EXPECT_EQ(report->flows, 1U);
  EXPECT_EQ(report->tcp.size(), 1U);
}

TEST_F(FlowGc, CutByPortMeetsThatAddressOfThatVpcOnly) {
  const auto key = add(GINNEL_TCP, 1000, GINNEL_FLOW_ANSWERED, 1, 1);
  EXPECT_EQ(cut({{}, {{2, IpAddress::from_v4(0x0a000106)}}, {}, {}}).value().flows, 0U);
  EXPECT_EQ(cut({{}, {{1, IpAddress::from_v4(0x0a000106)}}, {}, {}}).value().flows, 1U);
  EXPECT_NE(flows().get(key).value()->state & GINNEL_FLOW_CUT, 0);
}

TEST_F(FlowGc, WhatIsKnownOfAHeaderGoesWithTheNeedForIt) {
  struct Case {
    const char* what;
    uint32_t state, age_s;
    bool has_flow, has_header, stays;
  };
  uint16_t port = 1000;
  std::vector<std::pair<Case, ginnel_flow_key>> cases;
  size_t over = 0;
  for (const Case& each : std::vector<Case>{{"its flow waits for it", 0, 61, true, true, true},
                                            {"and is half closed", GINNEL_FLOW_FIN_FORWARD, 61, true, true, true},
                                            {"the header is done", GINNEL_FLOW_HEADER_DONE, 61, true, true, false},
                                            {"the flow was reset", GINNEL_FLOW_RST, 61, true, true, false},
                                            {"the flow is another one", 0, 61, true, false, false},
                                            {"the flow is gone", 0, 61, false, true, false},
                                            {"the flow is still to come", 0, 60, false, true, true},
                                            {"opened a tick ahead", 0, 0U - 1U, false, true, true}}) {
    const auto key = add(GINNEL_TCP, ++port, each.state, 1, 1);
    if (each.has_flow) {
      auto flow = *flows().get(key).value();
      flow.flags |= each.has_header ? GINNEL_FLOW_PROXY : 0;
      ASSERT_GOOD(flows().put(key, flow));
    } else {
      ASSERT_TRUE(flows().erase(key).value());
    }
    ginnel_proxy proxy{};
    proxy.opened_s = kNow - each.age_s;
    ASSERT_GOOD(proxies().put(key, proxy));
    over += each.stays ? 0 : 1;
    cases.emplace_back(each, key);
  }
  EXPECT_EQ(collect_proxies(proxies(), flows(), kNow).value(), over);
  for (const auto& [each, key] : cases) EXPECT_EQ(proxies().get(key).value().has_value(), each.stays) << each.what;
}

TEST_F(FlowGc, CutByTarget) {
  const auto key = add(GINNEL_UDP, 1000, GINNEL_FLOW_ANSWERED, 1, 1, 7, 21);
  const auto other = add(GINNEL_UDP, 1001, GINNEL_FLOW_ANSWERED, 1, 1, 7, 22);
  EXPECT_EQ(cut({{}, {}, {}, {21}}).value().flows, 1U);
  EXPECT_EQ(entries(key), 0);
  EXPECT_EQ(entries(other), 2);
}

TEST_F(FlowGc, ABalancersIdleTimeHoldsForOpenTcpOnly) {
  constexpr uint32_t kOpen = GINNEL_FLOW_ANSWERED | GINNEL_FLOW_ESTABLISHED;
  const auto with_idle_time = [&](const ginnel_flow_key& key, uint16_t idle_s) {
    auto flow = *flows().get(key).value();
    flow.idle_s = idle_s;
    EXPECT_GOOD(flows().put(key, flow));
    const auto partner = ginnel_flow_partner(&key, &flow);
    auto other = *flows().get(partner).value();
    other.idle_s = idle_s;
    EXPECT_GOOD(flows().put(partner, other));
    return key;
  };
  const auto longer = with_idle_time(add(GINNEL_TCP, 1000, kOpen, 999, 999), 1000);
  const auto shorter = with_idle_time(add(GINNEL_TCP, 1001, kOpen, 61, 61), 60);
  const auto closed = with_idle_time(add(GINNEL_TCP, 1002, GINNEL_FLOW_ANSWERED | GINNEL_FLOW_RST, 61, 61), 1000);
  const auto unanswered = with_idle_time(add(GINNEL_TCP, 1003, 0, 61, 61), 1000);
  const auto datagrams = with_idle_time(add(GINNEL_UDP, 1004, GINNEL_FLOW_ANSWERED, 121, 121), 1000);
  ASSERT_GOOD(collect());
  EXPECT_EQ(entries(longer), 2);
  for (const auto& key : {shorter, closed, unanswered, datagrams}) EXPECT_EQ(entries(key), 0);
}

TEST_F(FlowGc, AMapOfAnotherLayoutIsRefused) {
  const auto refused = Map<ginnel_flow_key, uint64_t>::bind(flows().fd(), "flows");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().text(), "use map flows: it holds " + std::to_string(sizeof(ginnel_flow_key)) + " and " +
                                        std::to_string(sizeof(ginnel_flow)) + " bytes, not " +
                                        std::to_string(sizeof(ginnel_flow_key)) + " and 8");
}

TEST_F(FlowGc, ManyEntriesAreReadInBatches) {
  for (uint16_t i = 0; i < 300; ++i) add(GINNEL_UDP, static_cast<uint16_t>(2000 + i), GINNEL_FLOW_ANSWERED, 1, 1);
  size_t seen = 0;
  ASSERT_GOOD(flows().for_each([&](const ginnel_flow_key&, const ginnel_flow&) { ++seen; }, 1));
  EXPECT_EQ(seen, 600U);
}

}  // namespace
}  // namespace ginnel::dataplane
