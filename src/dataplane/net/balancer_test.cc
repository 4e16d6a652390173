// Load balancers on the real kernel: consumer, endpoint, balancer and target, each in its place.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <array>
#include <chrono>
#include <vector>

#include "dataplane/net/small_region.h"

namespace ginnel::dataplane {
namespace {

// Consumer a in VPC 1 with an endpoint at 10.0.1.9; provider VPC 2 with the same addresses: client a2, target b2.
class Balancers : public RegionTest {
 protected:
  plan::VpcPlan consumer() const {
    auto vpc = two_friends(tag_);
    add_policy(vpc, {109}, {allow_tcp(443, 107)}, {});
    add_endpoint_of(vpc, 9, 77, 109, 2500);
    return vpc;
  }
  plan::VpcPlan provider() const {
    auto vpc = two_instances(tag_, 2);
    add_policy(vpc, {207}, {allow_tcp(8080, 250)}, {allow_all()});
    add_balancer(vpc);
    add_target(vpc, 21, 6, 8080);
    return vpc;
  }
  // The host's address of the target's probe: 100.64.200.NUMBER.
  static void add_probe(plan::VpcPlan& vpc, plan::TargetNumber number, uint8_t host, uint16_t port) {
    plan::Probe probe;
    probe.address = IpAddress::from_v4(0x6440c800U + number);
    probe.port = port;
    probe.target = "target-" + std::to_string(number);
    probe.target_address = IpAddress::from_v4(0x0a000100U + host);
    probe.node = ip("10.0.1.50");
    probe.groups = GroupSet{250};
    vpc.probes.push_back(probe);
  }
  // From whichever has a connection first.
  static Result<UniqueFd> accept_either(const UniqueFd& first, const UniqueFd& second) {
    std::array<pollfd, 2> waiting{pollfd{first.get(), POLLIN, 0}, pollfd{second.get(), POLLIN, 0}};
    poll(waiting.data(), waiting.size(), static_cast<int>(std::chrono::milliseconds(kDeadline).count()));
    return accept_tcp((waiting[0].revents & POLLIN) != 0 ? first.get() : second.get());
  }
  void apply_both() {
    ASSERT_GOOD(dataplane_->apply(consumer()));
    ASSERT_GOOD(dataplane_->apply(provider()));
  }
};

TEST_P(Balancers, AnEndpointLeadsToATargetThatSeesTheNode) {
  apply_both();
  const auto listener = listen_tcp(instance("b2"), ip("10.0.1.6"), 8080);
  ASSERT_GOOD(listener);
  const auto client = connect_tcp(instance("a"), ip("10.0.1.9"), 443);
  ASSERT_GOOD(client);
  IpAddress peer;
  uint16_t port = 0;
  const auto server = accept_tcp(listener->get(), &peer, &port);
  ASSERT_GOOD(server);
  EXPECT_EQ(peer.to_string(), "10.0.1.50");
  EXPECT_GE(port, 10536);
  EXPECT_EQ(exchange(client->get(), server->get(), "question"), "");
  EXPECT_EQ(exchange(server->get(), client->get(), std::string(200000, 'x')), "");
}

TEST_P(Balancers, AClientOfTheVpcIsSeenItselfWherePreserved) {
  auto vpc = provider();
  vpc.balancers[0].preserve_client = true;
  ASSERT_GOOD(dataplane_->apply(consumer()));
  ASSERT_GOOD(dataplane_->apply(vpc));
  const auto listener = listen_tcp(instance("b2"), ip("10.0.1.6"), 8080);
  ASSERT_GOOD(listener);
  const auto inside = connect_tcp(instance("a2"), ip("10.0.1.50"), 443);
  ASSERT_GOOD(inside);
  IpAddress peer;
  const auto first = accept_tcp(listener->get(), &peer);
  ASSERT_GOOD(first);
  EXPECT_EQ(peer.to_string(), "10.0.1.5");
  EXPECT_EQ(exchange(inside->get(), first->get(), "question"), "");
  EXPECT_EQ(exchange(first->get(), inside->get(), "answer"), "");

  const auto outside = connect_tcp(instance("a"), ip("10.0.1.9"), 443);
  ASSERT_GOOD(outside);
  const auto second = accept_tcp(listener->get(), &peer);
  ASSERT_GOOD(second);
  EXPECT_EQ(peer.to_string(), "10.0.1.50") << "never through an endpoint";
  EXPECT_EQ(exchange(second->get(), outside->get(), "answer"), "");
}

TEST_P(Balancers, AnEndpointWaitsForTheBalancerOfAnotherVpc) {
  ASSERT_GOOD(dataplane_->apply(consumer()));
  const auto client = begin_connect(instance("a"), ip("10.0.1.9"), 443);
  ASSERT_GOOD(client);
  EXPECT_TRUE(wait_until([&] { return dropped("no_balancer") > 0; }));
  auto vpc = provider();
  vpc.balancers[0].targets.clear();
  ASSERT_GOOD(dataplane_->apply(vpc));
  EXPECT_TRUE(wait_until([&] { return dropped("no_target") > 0; }));  // TCP tries again after a second
  ASSERT_GOOD(dataplane_->apply(provider()));
  const auto listener = listen_tcp(instance("b2"), ip("10.0.1.6"), 8080);
  ASSERT_GOOD(listener);
  EXPECT_EQ(finish_connect(client->get()), 0);
}

TEST_P(Balancers, AProbeConnectsFromTheHostAndTheTargetSeesTheNode) {
  auto vpc = provider();
  add_probe(vpc, 21, 6, 8080);
  ASSERT_GOOD(dataplane_->apply(vpc));
  const auto listener = listen_tcp(instance("b2"), ip("10.0.1.6"), 8080);
  ASSERT_GOOD(listener);
  const auto prober = connect_tcp("", ip("100.64.200.21"), 8080);
  ASSERT_GOOD(prober);
  IpAddress peer;
  uint16_t port = 0;
  const auto server = accept_tcp(listener->get(), &peer, &port);
  ASSERT_GOOD(server);
  EXPECT_EQ(peer.to_string(), "10.0.1.50");
  EXPECT_LT(port, 10536) << "none of the clients' ports";
  EXPECT_EQ(exchange(prober->get(), server->get(), "how are you"), "");
  EXPECT_EQ(exchange(server->get(), prober->get(), std::string(100000, 'x')), "");
  EXPECT_EQ(dataplane_->facts().synthetic.at("target-21"), ip("100.64.200.21"));

  // A port that nobody listens on is told at once; the probe's end ends its connections.
  add_probe(vpc, 22, 5, 8080);
  ASSERT_GOOD(dataplane_->apply(vpc));
  add_policy(vpc, {207}, {allow_all()}, {allow_all()});
  ASSERT_GOOD(dataplane_->apply(vpc));
  const auto refused = begin_connect("", ip("100.64.200.22"), 8080);
  ASSERT_GOOD(refused);
  EXPECT_EQ(finish_connect(refused->get()), ECONNREFUSED);
  vpc.probes.clear();
  ASSERT_GOOD(dataplane_->apply(vpc));
  EXPECT_EQ(wait_for_error(prober->get()), ECONNRESET);
  EXPECT_EQ(wait_for_error(server->get()), ECONNRESET);
  const auto gone = begin_connect("", ip("100.64.200.21"), 8080);
  EXPECT_TRUE(wait_until([&] { return dropped("system_no_flow") > 0; }));
}

TEST_P(Balancers, TheTargetsGroupsAreAskedForProbes) {
  auto vpc = provider();
  add_policy(vpc, {207}, {}, {allow_all()});
  add_probe(vpc, 21, 6, 8080);
  ASSERT_GOOD(dataplane_->apply(vpc));
  const auto prober = begin_connect("", ip("100.64.200.21"), 8080);
  ASSERT_GOOD(prober);
  EXPECT_TRUE(wait_until([&] { return dropped("target_denied") > 0; }));
}

TEST_P(Balancers, ARestartedDaemonAdoptsThemAndNeedsNoOperation) {
  auto vpc = provider();
  vpc.balancers[0].sticky = true;
  vpc.balancers[0].idle_timeout_s = 600;
  add_target(vpc, 22, 5, 8080);
  add_probe(vpc, 21, 6, 8080);
  auto empty = vpc.balancers[0];
  empty.number = 2600;
  empty.targets.clear();
  empty.groups.reset();
  vpc.balancers.push_back(empty);
  ASSERT_GOOD(dataplane_->apply(consumer()));
  ASSERT_GOOD(dataplane_->apply(vpc));
  const auto first = listen_tcp(instance("a2"), ip("10.0.1.5"), 8080);
  const auto second = listen_tcp(instance("b2"), ip("10.0.1.6"), 8080);
  const auto client = connect_tcp(instance("a"), ip("10.0.1.9"), 443);
  ASSERT_GOOD(client);
  const auto server = accept_either(*first, *second);
  ASSERT_GOOD(server);
  const auto facts = dataplane_->facts();

  open();
  EXPECT_TRUE(dataplane_->adopted());
  EXPECT_EQ(dataplane_->facts().synthetic, facts.synthetic);
  EXPECT_EQ(dataplane_->apply(vpc).value().operations, 0U);
  EXPECT_EQ(dataplane_->apply(consumer()).value().operations, 0U);
  ASSERT_GOOD(dataplane_->sweep({1, 2}));
  EXPECT_EQ(exchange(client->get(), server->get(), "still"), "");

  // What was adopted can be changed: a target drains, and keeps what it has.
  vpc.balancers[0].targets = {22};
  EXPECT_EQ(dataplane_->apply(vpc).value().operations, 1U);
  EXPECT_EQ(exchange(server->get(), client->get(), "drained"), "");
  vpc.targets.clear();
  vpc.balancers.clear();
  std::erase_if(vpc.links, [](const auto& link) { return link.balancer != 0; });
  vpc.probes.clear();
  ASSERT_GOOD(dataplane_->apply(vpc));
  EXPECT_EQ(wait_for_error(client->get()), ECONNRESET);
  open();
  EXPECT_EQ(dataplane_->apply(vpc).value().operations, 0U);
}

TEST_P(Balancers, ATableOfAnotherSizeIsMadeAnewAndFlowsLive) {
  apply_both();
  const auto listener = listen_tcp(instance("b2"), ip("10.0.1.6"), 8080);
  const auto client = connect_tcp(instance("a"), ip("10.0.1.9"), 443);
  ASSERT_GOOD(client);
  const auto server = accept_tcp(listener->get());
  ASSERT_GOOD(server);
  options_.table_size = 251;
  open();
  EXPECT_EQ(dataplane_->apply(provider()).value().operations, 1U);
  EXPECT_EQ(exchange(client->get(), server->get(), "lives"), "");
  EXPECT_GOOD(connect_tcp(instance("a"), ip("10.0.1.9"), 443));

  auto vpc = provider();
  for (plan::TargetNumber number = 100; number < 351; ++number) add_target(vpc, number, 6, 8080);
  const auto refused = dataplane_->apply(vpc);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().text(), testing::HasSubstr("target table of balancer 2500: 252 targets, at most 251"));
  for (const uint32_t size : {0U, 1U, 250U, 65536U, 5000011U}) {
    Options options;
    options.table_size = size;
    const auto opened = Dataplane::open(host_plan(tag_), options, log_);
    ASSERT_FALSE(opened) << size;
    EXPECT_EQ(opened.error().text(), "use table size " + std::to_string(size) + ": it is not a prime up to 5000000");
  }
}

TEST_P(Balancers, SweepCutsTheFlowsOfTargetsThatWentWithTheDaemon) {
  apply_both();
  const auto listener = listen_tcp(instance("b2"), ip("10.0.1.6"), 8080);
  const auto client = connect_tcp(instance("a"), ip("10.0.1.9"), 443);
  ASSERT_GOOD(client);
  const auto server = accept_tcp(listener->get());
  ASSERT_GOOD(server);
  open();
  // The provider's VPC is none that is known any more.
  ASSERT_GOOD(dataplane_->apply(consumer()));
  ASSERT_GOOD(dataplane_->sweep({1}));
  EXPECT_EQ(wait_for_error(client->get()), ECONNRESET);
}

TEST_P(Balancers, ATargetThatLeavesTakesItsFlowsAndNoOthers) {
  auto vpc = provider();
  add_target(vpc, 22, 5, 8080);
  ASSERT_GOOD(dataplane_->apply(consumer()));
  ASSERT_GOOD(dataplane_->apply(vpc));
  const auto on_b = listen_tcp(instance("b2"), ip("10.0.1.6"), 8080);
  vpc.balancers[0].targets = {21};
  ASSERT_GOOD(dataplane_->apply(vpc));
  const auto to_b = connect_tcp(instance("a"), ip("10.0.1.9"), 443);
  ASSERT_GOOD(to_b);
  const auto b = accept_tcp(on_b->get());
  ASSERT_GOOD(b);
  const auto on_a = listen_tcp(instance("a2"), ip("10.0.1.5"), 8080);
  vpc.balancers[0].targets = {22};
  ASSERT_GOOD(dataplane_->apply(vpc));
  const auto to_a = connect_tcp(instance("a"), ip("10.0.1.9"), 443);
  ASSERT_GOOD(to_a);
  const auto a = accept_tcp(on_a->get());
  ASSERT_GOOD(a);
  EXPECT_EQ(exchange(to_b->get(), b->get(), "drains"), "");

  std::erase_if(vpc.targets, [](const auto& target) { return target.number == 21; });
  ASSERT_GOOD(dataplane_->apply(vpc));
  EXPECT_EQ(wait_for_error(to_b->get()), ECONNRESET);
  EXPECT_EQ(wait_for_error(b->get()), ECONNRESET);
  EXPECT_EQ(exchange(to_a->get(), a->get(), "stays"), "");
}

TEST_P(Balancers, AnEndpointsLinksShareItsNumberAndAreCutOneByOne) {
  auto vpc = consumer();
  plan::Link other = vpc.links.back();
  other.port = 444;
  vpc.links.push_back(other);
  add_policy(vpc, {109}, {allow_tcp(443, 107), allow_tcp(444, 107)}, {});
  auto there = provider();
  add_policy(there, {250}, {allow_all()}, {allow_all()});
  ASSERT_GOOD(dataplane_->apply(vpc));
  ASSERT_GOOD(dataplane_->apply(there));
  const auto listener = listen_tcp(instance("b2"), ip("10.0.1.6"), 8080);
  const auto stays = connect_tcp(instance("a"), ip("10.0.1.9"), 443);
  const auto stays_server = accept_tcp(listener->get());
  const auto goes = connect_tcp(instance("a"), ip("10.0.1.9"), 444);
  const auto goes_server = accept_tcp(listener->get());
  for (const auto* socket : {&stays, &stays_server, &goes, &goes_server}) ASSERT_GOOD(*socket);
  vpc.links.pop_back();
  ASSERT_GOOD(dataplane_->apply(vpc));
  EXPECT_EQ(wait_for_error(goes->get()), ECONNRESET);
  EXPECT_EQ(wait_for_error(goes_server->get()), ECONNRESET);
  EXPECT_EQ(exchange(stays->get(), stays_server->get(), "stays"), "");
  // The whole endpoint.
  ASSERT_GOOD(dataplane_->cut(77));
  EXPECT_EQ(wait_for_error(stays->get()), ECONNRESET);
  EXPECT_EQ(wait_for_error(stays_server->get()), ECONNRESET);
}

TEST_P(Balancers, NothingAtTheProviderOpensAConnectionToTheConsumer) {
  apply_both();
  const auto listener = listen_tcp(instance("b2"), ip("10.0.1.6"), 8080);
  const auto at_consumer = listen_tcp(instance("a"), ip("10.0.1.5"), 7000);
  ASSERT_GOOD(at_consumer);
  const auto client = connect_tcp(instance("a"), ip("10.0.1.9"), 443);
  ASSERT_GOOD(client);
  uint16_t port = 0;
  const auto server = accept_tcp(listener->get(), nullptr, &port);
  ASSERT_GOOD(server);
  const auto back = begin_connect(instance("b2"), ip("10.0.1.50"), port);
  ASSERT_GOOD(back);
  EXPECT_TRUE(wait_until([&] { return dropped("no_listener") > 0; }));
  const auto other = begin_connect(instance("a2"), ip("10.0.1.50"), 7000);
  ASSERT_GOOD(other);
  EXPECT_TRUE(wait_until([&] { return dropped("no_listener") > 1; }));
  EXPECT_EQ(exchange(client->get(), server->get(), "undisturbed"), "");
}

TEST_P(Balancers, IdleConnectionsAreResetAtOnceHoweverMany) {
  auto vpc = consumer();
  ASSERT_GOOD(dataplane_->apply(vpc));
  ASSERT_GOOD(dataplane_->apply(provider()));
  const auto listener = listen_tcp(instance("b2"), ip("10.0.1.6"), 8080);
  std::vector<UniqueFd> clients, servers;
  for (int i = 0; i < 500; ++i) {
    auto client = connect_tcp(instance("a"), ip("10.0.1.9"), 443);
    ASSERT_GOOD(client);
    auto server = accept_tcp(listener->get());
    ASSERT_GOOD(server);
    clients.push_back(std::move(*client));
    servers.push_back(std::move(*server));
  }
  ASSERT_EQ(exchange(clients[0].get(), servers[0].get(), "one has talked"), "");
  vpc.links.pop_back();
  const auto start = std::chrono::steady_clock::now();
  const auto since = [&] {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  };
  ASSERT_GOOD(dataplane_->apply(vpc));
  const double applied = since();
  EXPECT_EQ(wait_for_error(clients[0].get()), ECONNRESET);
  EXPECT_EQ(wait_for_error(servers[0].get()), ECONNRESET);
  const double one = since();
  for (const auto& client : clients) {
    if (&client == clients.data()) continue;
    ASSERT_EQ(wait_for_error(client.get()), ECONNRESET);
  }
  for (const auto& server : servers) {
    if (&server == servers.data()) continue;
    ASSERT_EQ(wait_for_error(server.get()), ECONNRESET);
  }
  std::printf(
      "500 idle connections: applied after %.2f ms, the first reset at both ends after %.2f ms, all after %.2f\n",
      applied, one, since());
  EXPECT_EQ(dataplane_->flow_count().value(), 0U);
}

TEST_P(Balancers, OneIdleConnectionIsResetWithinMilliseconds) {
  auto vpc = consumer();
  ASSERT_GOOD(dataplane_->apply(vpc));
  ASSERT_GOOD(dataplane_->apply(provider()));
  const auto listener = listen_tcp(instance("b2"), ip("10.0.1.6"), 8080);
  const auto client = connect_tcp(instance("a"), ip("10.0.1.9"), 443);
  ASSERT_GOOD(client);
  const auto server = accept_tcp(listener->get());
  ASSERT_GOOD(server);
  ASSERT_EQ(exchange(client->get(), server->get(), "hello"), "");
  vpc.links.pop_back();
  const auto start = std::chrono::steady_clock::now();
  ASSERT_GOOD(dataplane_->apply(vpc));
  EXPECT_EQ(wait_for_error(client->get()), ECONNRESET);
  EXPECT_EQ(wait_for_error(server->get()), ECONNRESET);
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
  std::printf("one idle connection: apply() to a reset at both ends %.2f ms\n", took.count());
}

INSTANTIATE_TEST_SUITE_P(By, Balancers, testing::Values(AttachMode::tcx, AttachMode::clsact),
                         [](const auto& each) { return each.param == AttachMode::tcx ? "tcx" : "clsact"; });

}  // namespace
}  // namespace ginnel::dataplane
