// How long flows live, and how many of them a port may have, with real sockets. The kernel's time cannot be moved; when
// its flows were last seen can.
#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <vector>

#include "dataplane/net/small_region.h"
#include "dataplane/running.h"

namespace ginnel::dataplane {
namespace {

using Flows = Map<ginnel_flow_key, ginnel_flow>;

class Life : public RegionTest {
 protected:
  // A VPC with an endpoint at 10.0.1.9:443 that leads to 100.64.0.1:4443.
  plan::VpcPlan with_endpoint() const {
    auto vpc = two_instances(tag_);
    add_policy(vpc, {109}, {allow_tcp(443, 107)}, {});
    add_endpoint(vpc, 9, 443, 77, 109, 4443);
    return vpc;
  }
  Result<Flows> flows() const {
    GINNEL_TRY(Netlink netlink, Netlink::open());
    GINNEL_TRY(const auto attacher, make_attacher(GetParam(), 1));
    GINNEL_TRY(const auto running, find_running(netlink, *attacher, tag_));
    if (!running) return fail("find", "program", "there is none");
    return Flows::bind(running->maps.at("flows").get(), "flows");
  }
  // Every flow was last seen so much earlier.
  Status age(uint32_t seconds) const {
    GINNEL_TRY(Flows map, flows());
    std::vector<std::pair<ginnel_flow_key, ginnel_flow>> all;
    GINNEL_CHECKED(map.for_each([&](const auto& key, const auto& flow) { all.emplace_back(key, flow); }));
    for (auto& [key, flow] : all) {
      flow.last_seen_s -= seconds;
      GINNEL_CHECKED(map.replace(key, flow));
    }
    return {};
  }
};

TEST_P(Life, DataAfterTheIdleTimeResetsBothEnds) {
  ASSERT_GOOD(dataplane_->apply(with_endpoint()));
  const auto listener = listen_tcp("", ip("100.64.0.1"), 4443);
  ASSERT_GOOD(listener);
  for (const bool collected : {false, true}) {
    const auto client = connect_tcp(instance("a"), ip("10.0.1.9"), 443);
    ASSERT_GOOD(client);
    const auto server = accept_tcp(listener->get());
    ASSERT_GOOD(server);
    ASSERT_EQ(exchange(client->get(), server->get(), "question"), "");
    ASSERT_GOOD(age(340));
    ASSERT_EQ(exchange(server->get(), client->get(), "answer within the time"), "");
    ASSERT_GOOD(age(352));
    if (collected) ASSERT_GOOD(dataplane_->collect(monotonic_seconds()));
    ASSERT_EQ(send(client->get(), "late", 4, MSG_NOSIGNAL), 4);
    EXPECT_EQ(wait_for_error(client->get()), ECONNRESET);
    // Of a flow that was collected nobody knows any more who the other end is: it learns when it sends itself.
    if (collected) ASSERT_EQ(send(server->get(), "late", 4, MSG_NOSIGNAL), 4);
    EXPECT_EQ(wait_for_error(server->get()), ECONNRESET);
  }
  EXPECT_EQ(dropped("idle_reset"), 1U);
  EXPECT_EQ(dropped("no_flow"), 1U);
  EXPECT_EQ(dropped("system_no_flow"), 1U);
}

TEST_P(Life, APortThatHasAllItsFlowsOpenHoldsNobodyElse) {
  constexpr uint64_t kMost = 50, kTries = 200;
  options_.port_flows = kMost;
  open();
  auto vpc = with_endpoint();
  add_endpoint(vpc, 10, 443, 78, 109, 4444);  // where nobody listens: its flows are reset and kept for a while
  ASSERT_GOOD(dataplane_->apply(vpc));
  const auto listener = listen_tcp("", ip("100.64.0.1"), 4443);
  ASSERT_GOOD(listener);
  std::vector<UniqueFd> opening;
  for (uint64_t i = 0; i < kTries; ++i) {
    auto one = begin_connect(instance("a"), ip("10.0.1.10"), 443);
    ASSERT_GOOD(one);
    opening.push_back(std::move(*one));
  }
  ASSERT_TRUE(wait_until([&] { return dropped("port_flow_limit") >= kTries - kMost; }));
  auto counts = dataplane_->counts();
  ASSERT_GOOD(counts);
  EXPECT_EQ(counts->ports.at("eni-1-5").tracked, kMost);
  EXPECT_EQ(counts->ports.at("eni-1-5").opened, kMost);
  EXPECT_GE(counts->ports.at("eni-1-5").drops.at("port_flow_limit"), kTries - kMost);
  for (uint64_t i = 0; i < kMost / 2; ++i) {
    ASSERT_GOOD(connect_tcp(instance("b"), ip("10.0.1.9"), 443));
    ASSERT_GOOD(accept_tcp(listener->get()));
  }

  // When its flows have ended it may open others.
  opening.clear();
  ASSERT_GOOD(age(1000));
  ASSERT_GOOD(dataplane_->collect(monotonic_seconds()));
  ASSERT_GOOD(connect_tcp(instance("a"), ip("10.0.1.9"), 443));
}

INSTANTIATE_TEST_SUITE_P(By, Life, testing::Values(AttachMode::tcx, AttachMode::clsact),
                         [](const auto& each) { return each.param == AttachMode::tcx ? "tcx" : "clsact"; });

}  // namespace
}  // namespace ginnel::dataplane
