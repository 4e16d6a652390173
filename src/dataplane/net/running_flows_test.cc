// The flows of a running program, seen and cut by who is not the daemon.
#include "dataplane/running_flows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <optional>

#include "dataplane/flow_gc.h"
#include "dataplane/net/small_region.h"
#include "dataplane/running_tables.h"

namespace ginnel::dataplane {
namespace {

using testing::HasSubstr;

const auto kBoth = testing::Values("10.0.1.", "fd00:1::");

// Parameter: what the addresses of the two instances begin with.
class RunningFlowsTest : public OwnNetwork, public testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    OwnNetwork::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    auto dataplane = Dataplane::open(host_plan(tag_), few_flows(), log_);
    ASSERT_GOOD(dataplane);
    dataplane_ = std::move(*dataplane);
    ASSERT_GOOD(dataplane_->apply(friends_of_both_families()));
  }
  void TearDown() override {
    dataplane_.reset();
    OwnNetwork::TearDown();
  }
  static Options few_flows() {
    Options out;
    out.flow_entries = 4096;
    return out;
  }

  plan::VpcPlan friends_of_both_families() const {
    auto vpc = two_friends(tag_);
    vpc.cidrs.push_back(Cidr(ip("fd00:1::"), 56));
    for (auto& port : vpc.ports) {
      port.address6 = ip("fd00:1::" + std::to_string(port.mac.bytes[5]));
      port.subnet6 = Cidr(ip("fd00:1::"), 64);
      vpc.addresses.push_back({*port.address6, port.interface_id, port.groups, true});
    }
    auto any6 = allow_all();
    any6.cidr = Cidr(IpAddress(), 0);
    for (auto& policy : vpc.policies) {
      policy.ingress.push_back(any6);
      policy.egress.push_back(any6);
      std::sort(policy.ingress.begin(), policy.ingress.end());
      std::sort(policy.egress.begin(), policy.egress.end());
    }
    return vpc;
  }

  [[nodiscard]] IpAddress a() const { return ip(GetParam() + std::string("5")); }
  [[nodiscard]] IpAddress b() const { return ip(GetParam() + std::string("6")); }

  Log log_ = Log::discard();
  std::unique_ptr<Dataplane> dataplane_;
};

FlowFilter to_port(uint16_t port) {
  FlowFilter out;
  out.port = port;
  return out;
}

std::vector<Flow> flows(const RunningFlows& running, const FlowFilter& filter) {
  std::vector<Flow> out;
  EXPECT_GOOD(running.read(filter, monotonic_seconds(), [&](const Flow& flow) -> Status {
    out.push_back(flow);
    return {};
  }));
  return out;
}

TEST_P(RunningFlowsTest, ACutConnectionIsResetAtBothIdleEndsAtOnceWithoutADaemon) {
  const auto listener = listen_tcp(instance("b"), b(), 80);
  ASSERT_GOOD(listener);
  const uint32_t begin_s = monotonic_seconds() - 1;  // the program's clock is a coarse one
  const auto client = connect_tcp(instance("a"), b(), 80);
  ASSERT_GOOD(client);
  const auto server = accept_tcp(listener->get());
  ASSERT_GOOD(server);
  EXPECT_EQ(exchange(client->get(), server->get(), "question"), "");
  dataplane_.reset();

  auto running = RunningFlows::open(tag_);
  ASSERT_GOOD(running);
  const auto before = flows(*running, to_port(80));
  ASSERT_EQ(before.size(), 1U);
  EXPECT_EQ(before[0].source.address, a());
  EXPECT_EQ(before[0].destination, (FlowEnd{b(), 80}));
  EXPECT_GE(before[0].packets_sent, 3U);
  EXPECT_GE(before[0].packets_received, 1U);
  ASSERT_TRUE(before[0].age_s);
  EXPECT_LE(*before[0].age_s, monotonic_seconds() - begin_s);

  EXPECT_EQ(running->cut(to_port(81), monotonic_seconds()).value(), 0U);
  FlowFilter old = to_port(80);
  old.older_s = 100000;
  EXPECT_EQ(running->cut(old, monotonic_seconds()).value(), 0U);
  EXPECT_EQ(running->cut(to_port(80), monotonic_seconds()).value(), 1U);
  EXPECT_EQ(wait_for_error(client->get()), ECONNRESET);
  EXPECT_EQ(wait_for_error(server->get()), ECONNRESET);
  EXPECT_TRUE(wait_until([&] { return flows(*running, to_port(80)).empty(); }));
}
INSTANTIATE_TEST_SUITE_P(Families, RunningFlowsTest, kBoth,
                         [](const auto& each) { return each.index == 0 ? "ipv4" : "ipv6"; });

class RunningTablesTest : public RunningFlowsTest {};

TEST_P(RunningTablesTest, NamesOfInterfaces) {
  const auto running = RunningFlows::open(tag_);
  ASSERT_GOOD(running);
  const auto names = running->names();
  ASSERT_GOOD(names);
  ASSERT_EQ(names->interfaces.size(), 2U);
  const auto& interface = names->interfaces.at("eni-1-5");
  EXPECT_EQ(interface.vpc, 1U);
  EXPECT_EQ(interface.addresses, (std::vector{ip("10.0.1.5"), ip("fd00:1::5")}));
}

TEST_P(RunningTablesTest, RefusesWhatItDoesNotKnow) {
  const auto nowhere = running_tables("00000000");
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().text(), "find the packet program of region 00000000: none runs in this network namespace");

  const std::string next = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "dataplane_net_next";
  dataplane_.reset();
  ASSERT_EQ(run({next, tag_}), 0);
  const auto other = running_tables(tag_);
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().text(), HasSubstr("they have layout version 1000, this command knows"));
}
INSTANTIATE_TEST_SUITE_P(One, RunningTablesTest, testing::Values("10.0.1."));

}  // namespace
}  // namespace ginnel::dataplane
