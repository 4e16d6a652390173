// What is counted of real traffic is what the traffic's generator counts.
#include "dataplane/counts.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <vector>

#include "dataplane/abi_values.h"
#include "dataplane/flow_gc.h"
#include "dataplane/net/loaded_program.h"
#include "dataplane/net/small_region.h"
#include "dataplane/net/traffic.h"

namespace ginnel::dataplane {
namespace {

// Of a UDP datagram with one 64-bit number, in its frame.
constexpr uint64_t kFrame = 14 + 20 + 8 + 8;

class CountsOfTraffic : public RegionTest {
 protected:
  PortCounts port(const std::string& id) const {
    const auto counts = dataplane_->counts();
    EXPECT_GOOD(counts);
    const auto found = counts ? counts->ports.find(id) : std::map<std::string, PortCounts>::const_iterator{};
    return counts && found != counts->ports.end() ? found->second : PortCounts{};
  }
  LinkCounts link(const LinkCountKey& key) const {
    const auto counts = dataplane_->counts();
    EXPECT_GOOD(counts);
    const auto found = counts ? counts->links.find(key) : std::map<LinkCountKey, LinkCounts>::const_iterator{};
    return counts && found != counts->links.end() ? found->second : LinkCounts{};
  }
  void expect_datagrams(uint64_t sent, const std::string& when) const {
    const PortCounts a = port("eni-1-5"), b = port("eni-1-6");
    EXPECT_EQ(a.sent_packets, sent) << when;
    EXPECT_EQ(a.sent_bytes, sent * kFrame) << when;
    EXPECT_EQ(a.received_packets, 0U) << when;
    EXPECT_EQ(b.received_packets, sent) << when;
    EXPECT_EQ(b.received_bytes, sent * kFrame) << when;
  }
};

TEST_P(CountsOfTraffic, PacketsAndBytesAreExactWhetherTheFlowLivesOrNotAndOverRestarts) {
  const auto vpc = two_friends(tag_);
  ASSERT_GOOD(dataplane_->apply(vpc));
  NumberedDatagrams datagrams(instance("a"), ip("10.0.1.5"), instance("b"), ip("10.0.1.6"), 7000);
  for (int round = 0; round < 3; ++round) {
    const uint64_t before = datagrams.sent();
    open();
    ASSERT_GOOD(dataplane_->apply(vpc));
    ASSERT_TRUE(wait_until([&] { return datagrams.sent() > before + 1000; }));
  }
  ASSERT_EQ(datagrams.end(), "");
  expect_datagrams(datagrams.sent(), "of a live flow");
  EXPECT_EQ(port("eni-1-5").opened, 1U);
  EXPECT_EQ(port("eni-1-5").tracked, 1U);
  EXPECT_EQ(port("eni-1-5").active, 1U);
  EXPECT_EQ(port("eni-1-6").accepted, 1U);
  EXPECT_EQ(port("eni-1-6").active, 1U);

  ASSERT_EQ(dataplane_->collect(monotonic_seconds() + 200).value().removed, 2U);
  expect_datagrams(datagrams.sent(), "of one that has ended");
  EXPECT_EQ(port("eni-1-5").opened, 1U);
  EXPECT_EQ(port("eni-1-5").tracked, 0U);
  EXPECT_EQ(port("eni-1-5").active, 0U);
  open();
  expect_datagrams(datagrams.sent(), "after another start");
}

TEST_P(CountsOfTraffic, ConnectionsThroughAnEndpoint) {
  auto vpc = two_instances(tag_);
  add_policy(vpc, {109}, {allow_tcp(443, 107)}, {});
  add_endpoint(vpc, 9, 443, 77, 109, 4443);
  add_endpoint(vpc, 10, 443, 78, 107, 4443);  // whose group lets nothing in
  ASSERT_GOOD(dataplane_->apply(vpc));
  const LinkCountKey open_link{1, 77, 0, ip("10.0.1.9")}, closed_link{1, 78, 0, ip("10.0.1.10")};
  const auto listener = listen_tcp("", ip("100.64.0.1"), 4443);
  ASSERT_GOOD(listener);
  constexpr uint64_t kConnections = 20;
  std::vector<UniqueFd> kept;
  for (uint64_t i = 0; i < kConnections; ++i) {
    auto client = connect_tcp(instance("a"), ip("10.0.1.9"), 443);
    ASSERT_GOOD(client);
    auto server = accept_tcp(listener->get());
    ASSERT_GOOD(server);
    ASSERT_EQ(exchange(client->get(), server->get(), "question"), "");
    if (i % 2 == 0) {
      kept.push_back(std::move(*client));
      kept.push_back(std::move(*server));
    } else {  // ends with a reset, from the client
      const linger at_once{1, 0};
      ASSERT_EQ(setsockopt(client->get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
      client->reset();
      EXPECT_EQ(wait_for_error(server->get()), ECONNRESET);
    }
  }
  const LinkCounts counts = link(open_link);
  EXPECT_EQ(counts.opened, kConnections);
  EXPECT_EQ(counts.active, kConnections / 2);
  EXPECT_EQ(counts.forward_resets, kConnections / 2);
  EXPECT_EQ(counts.reverse_resets, 0U);
  EXPECT_EQ(port("eni-1-5").opened, kConnections);
  EXPECT_EQ(port("eni-1-5").tracked, kConnections);
  EXPECT_EQ(port("eni-1-5").sent_resets, kConnections / 2);
  EXPECT_EQ(port("system").received_resets, kConnections / 2);
  EXPECT_EQ(port("eni-1-5").sent_packets, counts.forward_packets);
  EXPECT_EQ(port("eni-1-5").received_packets, counts.reverse_packets);
  EXPECT_EQ(port("system").sent_packets, counts.reverse_packets);
  EXPECT_GT(counts.forward_bytes, kConnections * (3 * 54 + 8));

  const auto refused = begin_connect(instance("b"), ip("10.0.1.10"), 443);
  ASSERT_GOOD(refused);
  ASSERT_TRUE(wait_until([&] { return dropped("ingress_denied") > 0; }));
  EXPECT_EQ(link(closed_link).drops.at("ingress_denied"), dropped("ingress_denied"));
  EXPECT_EQ(port("eni-1-6").drops.at("ingress_denied"), dropped("ingress_denied"));
  EXPECT_FALSE(link(open_link).drops.contains("ingress_denied"));
  EXPECT_FALSE(port("eni-1-5").drops.contains("ingress_denied"));
}

INSTANTIATE_TEST_SUITE_P(By, CountsOfTraffic, testing::Values(AttachMode::tcx, AttachMode::clsact),
                         [](const auto& each) { return each.param == AttachMode::tcx ? "tcx" : "clsact"; });

// On the maps alone.
using CountRows = LoadedProgramTest;

TEST_F(CountRows, GoWithTheirPortOrLinkButNotBeforeItsFlows) {
  Tables& tables = program_->tables();
  const ginnel_address address = to_abi(ip("10.0.1.9"));
  ginnel_port port{};
  port.interface_id[0] = 'e';
  ASSERT_GOOD(tables.ports.put(7, port));
  ginnel_link standing{};
  standing.number = 5;
  ASSERT_GOOD(tables.links.put({1, address, 443, GINNEL_TCP, 0}, standing));
  ginnel_flow flow{};  // of a port and a link that are gone
  flow.iif = 8;
  flow.oif = 9;
  flow.link = 6;
  ginnel_flow_key key{};
  key.scope = 1;
  key.destination = address;
  ASSERT_GOOD(tables.flows.put(key, flow));
  for (const uint32_t ifindex : {7U, 8U, 9U, 10U}) {
    ASSERT_GOOD(tables.port_counts.put(ifindex, {}));
    ASSERT_GOOD(tables.port_drops.put(ifindex, {}));
  }
  for (const uint32_t number : {5U, 6U, 7U}) {
    ASSERT_GOOD(tables.link_counts.put({1, number, 0, address}, {}));
    ASSERT_GOOD(tables.link_drops.put({1, number, 3, address}, {}));
  }
  EXPECT_EQ(collect_counts(tables).value(), 4U);
  EXPECT_TRUE(tables.port_counts.get(8).value());
  EXPECT_TRUE(tables.port_drops.get(9).value());
  EXPECT_FALSE(tables.port_counts.get(10).value());
  EXPECT_TRUE(tables.link_counts.get({1, 6, 0, address}).value());
  EXPECT_FALSE(tables.link_drops.get({1, 7, 3, address}).value());

  ASSERT_EQ(program_->ender().end({key}).value(), 1U);
  EXPECT_EQ(collect_counts(tables).value(), 6U);
  EXPECT_TRUE(tables.port_counts.get(7).value());
  EXPECT_TRUE(tables.link_counts.get({1, 5, 0, address}).value());
}

}  // namespace
}  // namespace ginnel::dataplane
