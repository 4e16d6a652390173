// One data plane after another of a different layout of the maps, under traffic: nothing of it is lost.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "dataplane/net/small_region.h"
#include "dataplane/net/traffic.h"
#include "dataplane/running.h"

namespace ginnel::dataplane {
namespace {

using testing::HasSubstr;

class Upgrade : public RegionTest {
 protected:
  Upgrade() { options_.flow_entries = 1 << 17; }  // for the connections of a test

  static std::string next() {
    return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "dataplane_net_next";
  }
  std::string mode() const { return GetParam() == AttachMode::tcx ? "tcx" : "clsact"; }

  // The data plane of the other layout opens, applies the same plan and ends, and must find all of it in force.
  void run_next() const {
    std::string said;
    EXPECT_EQ(run({next(), tag_, mode()}, &said), 0);
    EXPECT_EQ(said, "adopted 1, 0 operations\n");
  }
  void run_this(const plan::VpcPlan& vpc) {
    open();
    ASSERT_NE(dataplane_, nullptr);
    EXPECT_TRUE(dataplane_->adopted());
    const auto applied = dataplane_->apply(vpc);
    ASSERT_GOOD(applied);
    EXPECT_EQ(applied->operations, 0U);
  }

  // Of the entry of a's datagrams to b; empty if there is none.
  std::optional<ginnel_flow> flow_of(const NumberedDatagrams& datagrams) const {
    auto netlink = Netlink::open();
    auto attacher = make_attacher(GetParam(), 1);
    const auto running = find_running(*netlink, **attacher, tag_);
    if (!running || !*running) return std::nullopt;
    const auto flows = Map<ginnel_flow_key, ginnel_flow>::bind((*running)->maps.at("flows").get(), "flows");
    std::optional<ginnel_flow> out;
    if (!flows) return out;
    const auto status = flows->for_each([&](const ginnel_flow_key& key, const ginnel_flow& flow) {
      const bool forward = (flow.flags & GINNEL_FLOW_REVERSE) == 0;
      if (forward && key.protocol == GINNEL_UDP && key.source_port == htons(datagrams.port())) out = flow;
    });
    return status ? out : std::nullopt;
  }
};

TEST_P(Upgrade, NothingIsLostToAndFro) {
  const auto vpc = two_friends(tag_);
  ASSERT_GOOD(dataplane_->apply(vpc));
  const auto listener = listen_tcp(instance("b"), ip("10.0.1.6"), 80);
  ASSERT_GOOD(listener);
  const auto client = connect_tcp(instance("a"), ip("10.0.1.6"), 80);
  ASSERT_GOOD(client);
  const auto server = accept_tcp(listener->get());
  ASSERT_GOOD(server);
  const auto refused = begin_connect(instance("a"), ip("10.0.9.9"), 80);
  ASSERT_TRUE(wait_until([&] { return dropped("no_destination") > 0; }));
  const uint64_t denied = dropped("no_destination");

  NumberedDatagrams datagrams(instance("a"), ip("10.0.1.5"), instance("b"), ip("10.0.1.6"), 7000);
  NumberedStream stream(client->get(), server->get());
  NewConnections connections(instance("b"), instance("a"), ip("10.0.1.5"), 90);
  constexpr int kRounds = 3;
  for (int round = 0; round < kRounds; ++round) {
    const uint64_t made = connections.made(), numbers = stream.received();
    dataplane_.reset();
    run_next();
    ASSERT_TRUE(wait_until([&] { return connections.made() > made && stream.received() > numbers; }))
        << connections.end();
    const uint64_t later = connections.made(), more = stream.received();
    run_this(vpc);
    ASSERT_TRUE(wait_until([&] { return connections.made() > later && stream.received() > more; }))
        << connections.end();
  }
  EXPECT_EQ(datagrams.end(), "");
  EXPECT_EQ(stream.end(), "");
  EXPECT_EQ(connections.end(), "");

  // What was counted went along. In each upgrade a packet of a flow may come between reading and writing its count.
  const auto flow = flow_of(datagrams);
  ASSERT_TRUE(flow);
  EXPECT_LE(flow->packets, datagrams.sent());
  EXPECT_GE(flow->packets + 2 * kRounds, datagrams.sent());
  EXPECT_GE(dropped("no_destination"), denied);
  ASSERT_TRUE(wait_until([&] {
    const auto all = dataplane_->counts();
    return all && all->ports.at("eni-1-6").opened >= connections.made();
  }));
  // The last connections are still closing.
  std::map<std::string, PortCounts> last;
  ASSERT_TRUE(wait_until([&] {
    const auto before = std::exchange(last, dataplane_->counts().value().ports);
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    return before == last;
  }));
  const PortCounts b = dataplane_->counts().value().ports.at("eni-1-6");
  EXPECT_EQ(b.tracked, dataplane_->flow_count().value() / 2 - dataplane_->counts().value().ports.at("eni-1-5").tracked);
  const size_t entries = dataplane_->flow_count().value();
  const auto counts = dataplane_->counts();
  ASSERT_GOOD(counts);
  dataplane_.reset();
  run_next();
  run_this(vpc);
  EXPECT_EQ(dataplane_->flow_count().value(), entries);
  const auto carried = dataplane_->counts();
  ASSERT_GOOD(carried);
  for (const std::string id : {"eni-1-5", "eni-1-6"}) {
    PortCounts before = counts->ports.at(id), after = carried->ports.at(id);
    before.drops = after.drops = {};  // what is dropped is sent again
    EXPECT_EQ(after, before) << id;
  }
  std::printf("%llu datagrams, %llu numbers, %llu connections; %llu packets met a hold\n",
              static_cast<unsigned long long>(datagrams.sent()), static_cast<unsigned long long>(stream.received()),
              static_cast<unsigned long long>(connections.made()),
              static_cast<unsigned long long>(dropped("upgrading")));
}

TEST_P(Upgrade, TenSwapsOnTheSameMapsLoseNothingEither) {
  const auto vpc = two_friends(tag_);
  ASSERT_GOOD(dataplane_->apply(vpc));
  NumberedDatagrams datagrams(instance("a"), ip("10.0.1.5"), instance("b"), ip("10.0.1.6"), 7000);
  NewConnections connections(instance("b"), instance("a"), ip("10.0.1.5"), 90);
  for (int round = 0; round < 10; ++round) {
    const uint64_t made = connections.made();
    run_this(vpc);
    ASSERT_TRUE(wait_until([&] { return connections.made() > made; })) << connections.end();
  }
  EXPECT_EQ(datagrams.end(), "");
  EXPECT_EQ(connections.end(), "");
  EXPECT_EQ(flow_of(datagrams).value().packets, datagrams.sent());
  EXPECT_EQ(dropped("upgrading"), 0U);
}

TEST_P(Upgrade, WhereTheNewProgramCannotBeLoadedTheOldOneWorksOn) {
  const auto vpc = two_friends(tag_);
  ASSERT_GOOD(dataplane_->apply(vpc));
  NumberedDatagrams datagrams(instance("a"), ip("10.0.1.5"), instance("b"), ip("10.0.1.6"), 7000);
  dataplane_.reset();
  // More flows than the kernel makes a map for.
  std::string said;
  EXPECT_EQ(run({next(), tag_, mode(), "4294967295"}, &said), 1);
  EXPECT_THAT(said, HasSubstr("load packet program: "));
  const uint64_t before = datagrams.sent();
  EXPECT_TRUE(wait_until([&] { return datagrams.sent() > before + 100; }));
  EXPECT_EQ(datagrams.end(), "");
  run_this(vpc);
  EXPECT_GOOD(ping(instance("a"), ip("10.0.1.6")));
}

INSTANTIATE_TEST_SUITE_P(By, Upgrade, testing::Values(AttachMode::tcx, AttachMode::clsact),
                         [](const auto& each) { return each.param == AttachMode::tcx ? "tcx" : "clsact"; });

}  // namespace
}  // namespace ginnel::dataplane
