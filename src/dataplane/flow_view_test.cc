#include "dataplane/flow_view.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include "dataplane/abi_values.h"

namespace ginnel::dataplane {
namespace {

FlowEnd end(const char* address, uint16_t port) { return {IpAddress::parse(address).value(), port}; }

struct Entry {
  ginnel_flow_key key{};
  ginnel_flow flow{};
};

Entry through_a_link() {
  Entry out;
  out.key.scope = 1;
  out.key.source = to_abi(IpAddress::parse("10.0.1.10").value());
  out.key.destination = to_abi(IpAddress::parse("10.0.1.200").value());
  out.key.source_port = htons(4000);
  out.key.destination_port = htons(443);
  out.key.protocol = GINNEL_TCP;
  out.flow.source = to_abi(IpAddress::parse("10.0.3.50").value());
  out.flow.destination = to_abi(IpAddress::parse("10.0.3.20").value());
  out.flow.source_port = htons(4001);
  out.flow.destination_port = htons(8443);
  out.flow.flags = GINNEL_FLOW_TRANSLATE;
  out.flow.out_scope = 3;
  out.flow.link = 30;
  out.flow.state = GINNEL_FLOW_ANSWERED | GINNEL_FLOW_ESTABLISHED;
  out.flow.last_seen_s = 100;
  ginnel_flow_set_opened(&out.flow, 40);
  out.flow.packets = 5;
  out.flow.bytes = 500;
  return out;
}

TEST(FlowView, HasBothDirections) {
  const Entry entry = through_a_link();
  ginnel_flow back = entry.flow;
  back.last_seen_s = 104;
  back.packets = 7;
  back.bytes = 7000;
  const Flow flow = flow_of(entry.key, entry.flow, &back, 110);
  EXPECT_EQ(flow.state, FlowState::established);
  EXPECT_EQ(flow.vpc, 1U);
  EXPECT_EQ(flow.source, end("10.0.1.10", 4000));
  EXPECT_EQ(flow.destination, end("10.0.1.200", 443));
  ASSERT_TRUE(flow.translated);
  EXPECT_EQ(flow.translated->vpc, 3U);
  EXPECT_EQ(flow.translated->source, end("10.0.3.50", 4001));
  EXPECT_EQ(flow.translated->destination, end("10.0.3.20", 8443));
  EXPECT_EQ(flow.link, 30U);
  EXPECT_EQ(flow.age_s, 70U);
  EXPECT_EQ(flow.idle_s, 6U);
  EXPECT_EQ(flow.idle_limit_s, 350U);
  EXPECT_EQ(flow.packets_sent, 5U);
  EXPECT_EQ(flow.bytes_sent, 500U);
  EXPECT_EQ(flow.packets_received, 7U);
  EXPECT_EQ(flow.bytes_received, 7000U);
  EXPECT_FALSE(flow.cut);
  EXPECT_FALSE(flow.ended());
}

TEST(FlowView, StandsWithoutItsOtherHalfAndBeforeItsTime) {
  Entry entry = through_a_link();
  entry.flow.flags = 0;
  ginnel_flow_set_opened(&entry.flow, 0);
  entry.flow.state |= GINNEL_FLOW_RST | GINNEL_FLOW_CUT;
  const Flow flow = flow_of(entry.key, entry.flow, nullptr, 99);  // the program's clock may be a tick ahead
  EXPECT_EQ(flow.idle_s, 0U);
  EXPECT_FALSE(flow.age_s) << "of a flow that an older program opened";
  EXPECT_EQ(flow.packets_received, 0U);
  EXPECT_FALSE(flow.translated);
  EXPECT_TRUE(flow.cut);
  EXPECT_TRUE(flow.ended());
}

TEST(FlowView, IdTellsFlowsApart) {
  Entry entry = through_a_link();
  const auto id = [&] { return flow_of(entry.key, entry.flow, nullptr, 0).id; };
  const uint64_t first = id();
  entry.flow.packets = 100;
  EXPECT_EQ(id(), first);
  entry.key.source_port = htons(4002);
  EXPECT_NE(id(), first);
}

TEST(FlowView, TextOfAnEnd) {
  EXPECT_EQ(text_of(end("10.0.1.5", 4000)), "10.0.1.5:4000");
  EXPECT_EQ(text_of(end("2001:db8::5", 443)), "[2001:db8::5]:443");
  EXPECT_EQ(text_of(end("2001:db8::5", 0)), "2001:db8::5");
}

}  // namespace
}  // namespace ginnel::dataplane
