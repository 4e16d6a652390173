// The data plane on the real kernel: packets between namespaces, links to the host's sockets, restarts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "dataplane/links.h"
#include "dataplane/names.h"
#include "dataplane/net/small_region.h"
#include "dataplane/net/tiny_program.h"
#include "dataplane/running.h"
#include "dataplane/teardown.h"

namespace ginnel::dataplane {
namespace {

using testing::HasSubstr;

class Region : public RegionTest {
 protected:
  plan::VpcPlan two_instances(plan::VpcNumber number = 1) const { return dataplane::two_instances(tag_, number); }
  plan::VpcPlan two_friends() const { return dataplane::two_friends(tag_); }
};

TEST_P(Region, PortsTalkOnceARuleAllowsIt) {
  auto vpc = two_instances();
  ASSERT_GOOD(dataplane_->apply(vpc));
  const auto listener = listen_tcp(instance("b"), ip("10.0.1.6"), 80);
  ASSERT_GOOD(listener);
  const auto refused = begin_connect(instance("a"), ip("10.0.1.6"), 80);
  ASSERT_GOOD(refused);
  EXPECT_TRUE(wait_until([&] { return dropped("ingress_denied") > 0; }));

  add_policy(vpc, {107}, {allow_all()}, {allow_all()});
  ASSERT_GOOD(dataplane_->apply(vpc));
  const auto client = connect_tcp(instance("a"), ip("10.0.1.6"), 80);
  ASSERT_GOOD(client);
  IpAddress peer;
  const auto server = accept_tcp(listener->get(), &peer);
  ASSERT_GOOD(server);
  EXPECT_EQ(peer.to_string(), "10.0.1.5");
  EXPECT_EQ(exchange(client->get(), server->get(), "question"), "");
  EXPECT_EQ(exchange(server->get(), client->get(), "answer"), "");
  EXPECT_GOOD(ping(instance("a"), ip("10.0.1.6")));
}

TEST_P(Region, ARuleThatNamesAGroupFollowsItsMembers) {
  auto vpc = two_instances();
  add_policy(vpc, {107}, {allow_tcp(80, 107)}, {allow_all()});
  ASSERT_GOOD(dataplane_->apply(vpc));
  const auto listener = listen_tcp(instance("b"), ip("10.0.1.6"), 80);
  ASSERT_GOOD(listener);
  EXPECT_GOOD(connect_tcp(instance("a"), ip("10.0.1.6"), 80));

  add_policy(vpc, {108}, {}, {allow_all()});
  vpc.ports[0].groups = vpc.addresses[0].groups = {108};
  ASSERT_GOOD(dataplane_->apply(vpc));
  const auto refused = begin_connect(instance("a"), ip("10.0.1.6"), 80);
  EXPECT_TRUE(wait_until([&] { return dropped("ingress_denied") > 0; }));
}

TEST_P(Region, ALinkLeadsToTheHostsSocketWhichSeesTheSyntheticAddress) {
  auto vpc = two_instances();
  add_policy(vpc, {109}, {allow_tcp(443, 107)}, {});
  add_endpoint(vpc, 9, 443, 77, 109, 4443);
  ASSERT_GOOD(dataplane_->apply(vpc));
  const auto listener = listen_tcp("", ip("100.64.0.1"), 4443);
  ASSERT_GOOD(listener);
  const auto client = connect_tcp(instance("a"), ip("10.0.1.9"), 443);
  ASSERT_GOOD(client);
  IpAddress peer;
  const auto server = accept_tcp(listener->get(), &peer);
  ASSERT_GOOD(server);
  EXPECT_EQ(peer.to_string(), "100.64.1.5");
  EXPECT_EQ(exchange(client->get(), server->get(), "question"), "");
  EXPECT_EQ(exchange(server->get(), client->get(), std::string(200000, 'x')), "");
  EXPECT_EQ(dataplane_->facts().synthetic,
            (std::map<std::string, IpAddress>{{"eni-1-5", ip("100.64.1.5")}, {"eni-1-6", ip("100.64.1.6")}}));

  // The link goes: a reset at both ends, though neither sends anything, and no new connection.
  vpc.links.pop_back();
  ASSERT_GOOD(dataplane_->apply(vpc));
  EXPECT_EQ(wait_for_error(client->get()), ECONNRESET);
  EXPECT_EQ(wait_for_error(server->get()), ECONNRESET);
  const auto refused = begin_connect(instance("a"), ip("10.0.1.9"), 443);
  EXPECT_TRUE(wait_until([&] { return dropped("no_listener") > 0; }));
}

TEST_P(Region, TwoVpcsWithTheSameAddressesDoNotMeet) {
  auto first = two_friends();
  auto second = two_instances(2);
  add_policy(second, {207}, {allow_all()}, {allow_all()});
  ASSERT_GOOD(dataplane_->apply(first));
  ASSERT_GOOD(dataplane_->apply(second));
  const auto here = listen_tcp(instance("b"), ip("10.0.1.6"), 80);
  const auto there = listen_tcp(instance("b2"), ip("10.0.1.6"), 80);
  ASSERT_GOOD(here);
  ASSERT_GOOD(there);
  const auto client = connect_tcp(instance("a2"), ip("10.0.1.6"), 80);
  ASSERT_GOOD(client);
  const auto server = accept_tcp(there->get());
  ASSERT_GOOD(server);
  EXPECT_EQ(exchange(client->get(), server->get(), "two"), "");

  ASSERT_GOOD(dataplane_->remove(2));
  EXPECT_EQ(dataplane_->apply(first).value().operations, 0U);
  EXPECT_FALSE(listen_tcp(instance("b2"), ip("10.0.1.6"), 81));
  EXPECT_GOOD(connect_tcp(instance("a"), ip("10.0.1.6"), 80));
}

TEST_P(Region, ARestartedDaemonAdoptsEverythingAndConnectionsLive) {
  auto vpc = two_friends();
  add_policy(vpc, {109}, {allow_tcp(443, 107)}, {});
  add_endpoint(vpc, 9, 443, 77, 109, 4443);
  ASSERT_GOOD(dataplane_->apply(vpc));
  EXPECT_FALSE(dataplane_->adopted());
  EXPECT_EQ(dataplane_->apply(vpc).value().operations, 0U);
  const auto listener = listen_tcp(instance("b"), ip("10.0.1.6"), 80);
  const auto host = listen_tcp("", ip("100.64.0.1"), 4443);
  ASSERT_GOOD(listener);
  ASSERT_GOOD(host);
  const auto client = connect_tcp(instance("a"), ip("10.0.1.6"), 80);
  const auto through = connect_tcp(instance("a"), ip("10.0.1.9"), 443);
  ASSERT_GOOD(client);
  ASSERT_GOOD(through);
  const auto server = accept_tcp(listener->get());
  const auto service = accept_tcp(host->get());
  ASSERT_GOOD(server);
  ASSERT_GOOD(service);
  const auto facts = dataplane_->facts();

  dataplane_.reset();
  EXPECT_EQ(exchange(client->get(), server->get(), "nobody is there"), "");
  open();
  EXPECT_TRUE(dataplane_->adopted());
  EXPECT_EQ(dataplane_->facts().synthetic, facts.synthetic);
  EXPECT_EQ(exchange(client->get(), server->get(), "before the plan"), "");
  EXPECT_EQ(dataplane_->apply(vpc).value().operations, 0U);
  ASSERT_GOOD(dataplane_->sweep({1}));
  EXPECT_EQ(exchange(server->get(), client->get(), "after it"), "");
  EXPECT_EQ(exchange(through->get(), service->get(), "and through the link"), "");
  EXPECT_EQ(exchange(service->get(), through->get(), std::string(100000, 'y')), "");
  // Policies that were adopted can be changed.
  add_policy(vpc, {107}, {}, {allow_all()});
  EXPECT_EQ(dataplane_->apply(vpc).value().operations, 1U);
  EXPECT_EQ(exchange(client->get(), server->get(), "tracked"), "");
}

TEST_P(Region, SweepTakesAwayWhatBelongsToNoVpc) {
  ASSERT_GOOD(dataplane_->apply(two_friends()));
  ASSERT_GOOD(dataplane_->apply(two_instances(2)));
  open();
  ASSERT_GOOD(dataplane_->apply(two_friends()));
  ASSERT_GOOD(dataplane_->sweep({1}));
  EXPECT_FALSE(listen_tcp(instance("a2"), ip("10.0.1.5"), 81));
  EXPECT_GOOD(listen_tcp(instance("a"), ip("10.0.1.5"), 81));
  EXPECT_EQ(dataplane_->facts().synthetic.size(), 2U);
  open();
  EXPECT_EQ(dataplane_->apply(two_friends()).value().operations, 0U);
}

TEST_P(Region, WhatWasDamagedMeanwhileIsMadeWholeByOneApply) {
  const auto vpc = two_friends();
  ASSERT_GOOD(dataplane_->apply(vpc));
  dataplane_.reset();
  auto netlink = Netlink::open();
  ASSERT_TRUE(netlink);
  ASSERT_GOOD(delete_link(*netlink, host_device_name(tag_, "eni-1-5")));
  ASSERT_EQ(run({"ip", "netns", "del", instance("b")}), 0);
  open();
  ASSERT_GOOD(dataplane_->apply(vpc));
  EXPECT_EQ(dataplane_->apply(vpc).value().operations, 0U);
  EXPECT_GOOD(ping(instance("a"), ip("10.0.1.6")));
  ASSERT_GOOD(dataplane_->sweep({1}));
  EXPECT_GOOD(ping(instance("b"), ip("10.0.1.5")));
}

TEST_P(Region, ChangedGroupsLeaveLiveFlowsAlone) {
  auto vpc = two_friends();
  ASSERT_GOOD(dataplane_->apply(vpc));
  const auto listener = listen_tcp(instance("b"), ip("10.0.1.6"), 80);
  ASSERT_GOOD(listener);
  const auto client = connect_tcp(instance("a"), ip("10.0.1.6"), 80);
  const auto server = accept_tcp(listener->get());
  ASSERT_GOOD(client);
  ASSERT_GOOD(server);
  add_policy(vpc, {108}, {}, {allow_all()});
  vpc.ports[1].groups = vpc.addresses[1].groups = {108};
  ASSERT_GOOD(dataplane_->apply(vpc));
  EXPECT_EQ(exchange(client->get(), server->get(), "still"), "");
  const auto refused = begin_connect(instance("a"), ip("10.0.1.6"), 80);
  EXPECT_TRUE(wait_until([&] { return dropped("ingress_denied") > 0; }));
}

TEST_P(Region, APortThatGoesTakesItsFlowsAndItsNamespace) {
  auto vpc = two_friends();
  ASSERT_GOOD(dataplane_->apply(vpc));
  const auto listener = listen_tcp(instance("b"), ip("10.0.1.6"), 80);
  const auto client = connect_tcp(instance("a"), ip("10.0.1.6"), 80);
  ASSERT_GOOD(client);
  vpc.ports.pop_back();
  vpc.addresses.pop_back();
  ASSERT_GOOD(dataplane_->apply(vpc));
  EXPECT_EQ(wait_for_error(client->get()), ECONNRESET);
  EXPECT_FALSE(listen_tcp(instance("b"), ip("10.0.1.6"), 81));
}

TEST_P(Region, IdleFlowsAreCollectedAndLiveOnesStay) {
  ASSERT_GOOD(dataplane_->apply(two_friends()));
  const auto listener = listen_tcp(instance("b"), ip("10.0.1.6"), 80);
  const auto client = connect_tcp(instance("a"), ip("10.0.1.6"), 80);
  const auto server = accept_tcp(listener->get());
  ASSERT_GOOD(client);
  ASSERT_GOOD(server);
  EXPECT_GOOD(ping(instance("a"), ip("10.0.1.6")));
  EXPECT_EQ(exchange(client->get(), server->get(), "hello"), "");
  EXPECT_EQ(dataplane_->flow_count().value(), 4U);
  const uint32_t now_s = monotonic_seconds();
  EXPECT_EQ(dataplane_->collect(now_s).value().removed, 0U);
  EXPECT_EQ(dataplane_->collect(now_s + 60).value().removed, 2U) << "the ping's, both entries";
  EXPECT_EQ(dataplane_->collect(now_s + 300).value().removed, 0U) << "a TCP flow lives for 350 s";
  EXPECT_EQ(exchange(server->get(), client->get(), "alive"), "");
  EXPECT_EQ(dataplane_->collect(now_s + 400).value().removed, 2U);
  EXPECT_EQ(dataplane_->flow_count().value(), 0U);
}

TEST_P(Region, AFailureIsNamedAndTheNextApplyConverges) {
  const std::string taken = instance("b");
  ASSERT_EQ(run({"ip", "netns", "add", taken}), 0);
  const auto vpc = two_friends();
  const auto failed = dataplane_->apply(vpc);
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().text(), HasSubstr("VPC 1, namespace " + taken));
  EXPECT_THAT(failed.error().text(), HasSubstr("one of this name exists"));
  EXPECT_GOOD(listen_tcp(instance("a"), ip("10.0.1.5"), 81));
  EXPECT_NE(run({"ip", "-n", taken, "link", "show", "eth0"}), 0) << "a device in a namespace that is not ours";
  ASSERT_EQ(run({"ip", "netns", "del", taken}), 0);
  ASSERT_GOOD(dataplane_->apply(vpc));
  EXPECT_EQ(dataplane_->apply(vpc).value().operations, 0U);
  EXPECT_GOOD(ping(instance("a"), ip("10.0.1.6")));
}

TEST_P(Region, AProgramOfAnotherLayoutIsReplacedAndSaidSo) {
  ASSERT_GOOD(dataplane_->apply(two_friends()));
  dataplane_.reset();
  const UniqueFd other = program_of_layout(99);
  ASSERT_TRUE(other);
  auto netlink = Netlink::open();
  ASSERT_TRUE(netlink);
  const auto attacher = make_attacher(GetParam(), 1);
  ASSERT_GOOD(attacher);
  const auto links = list_links(*netlink);
  ASSERT_GOOD(links);
  for (const auto& link : *links) {
    if (is_device_name_of(tag_, link.name)) ASSERT_GOOD((*attacher)->attach(link.index, other.get()));
  }
  std::string said;
  Log log([&](LogLevel, std::string_view line) { said += line; }, LogLevel::warning);
  Options options;
  options.attach = GetParam();
  auto opened = Dataplane::open(host_plan(tag_), options, log);
  ASSERT_GOOD(opened);
  dataplane_ = std::move(*opened);
  EXPECT_FALSE(dataplane_->adopted());
  EXPECT_THAT(said, HasSubstr("has no flows to carry over"));
  ASSERT_GOOD(dataplane_->apply(two_friends()));
  EXPECT_GOOD(ping(instance("a"), ip("10.0.1.6")));
  EXPECT_EQ(dataplane_->apply(two_friends()).value().operations, 0U);
  ASSERT_GOOD(dataplane_->sweep({1}));
  dataplane_.reset();
}

TEST_P(Region, TeardownByTagAloneLeavesNothing) {
  ASSERT_GOOD(dataplane_->apply(two_friends()));
  auto netlink = Netlink::open();
  ASSERT_TRUE(netlink);
  auto attacher = make_attacher(GetParam(), 1);
  const uint32_t program = find_running(*netlink, **attacher, tag_).value()->id;
  dataplane_.reset();
  const auto report = teardown(tag_);
  ASSERT_GOOD(report);
  EXPECT_EQ(report->devices, 3U);
  EXPECT_EQ(report->namespaces, 2U);
  EXPECT_EQ(leftovers(tag_), "");
  EXPECT_TRUE(wait_until([&] { return !program_by_id(program); })) << "the program outlives its devices";
  EXPECT_EQ(teardown(tag_).value().devices, 0U);
}

TEST_P(Region, OneMoreEndpointIsAFewOperations) {
  auto vpc = two_friends();
  add_policy(vpc, {109}, {allow_tcp(443, 107)}, {});
  ASSERT_GOOD(dataplane_->apply(vpc));
  add_endpoint(vpc, 9, 443, 77, 109, 4443);
  const auto start = std::chrono::steady_clock::now();
  const auto applied = dataplane_->apply(vpc);
  const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - start;
  ASSERT_GOOD(applied);
  EXPECT_EQ(applied->operations, 3U);  // destination, member, link
  RecordProperty("microseconds", std::to_string(took.count()));
  std::printf("one endpoint: %.0f µs\n", took.count());
}

INSTANTIATE_TEST_SUITE_P(By, Region, testing::Values(AttachMode::tcx, AttachMode::clsact),
                         [](const auto& each) { return each.param == AttachMode::tcx ? "tcx" : "clsact"; });

}  // namespace
}  // namespace ginnel::dataplane
