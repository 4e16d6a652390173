// The resolver on real sockets: who asks, UDP and TCP, limits, publication. No upstream; see recursion_test.cc.
#include "dns/resolver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "dns/test_client.h"
#include "dns/test_region.h"

namespace ginnel::dns {
namespace {

using namespace test;  // NOLINT: its names are made for this
using testing::ElementsAre;
using testing::HasSubstr;

const char* const kOne = "127.0.0.11";
const char* const kOther = "127.0.0.12";  // of the same VPC
const char* const kTwo = "127.0.0.21";
const char* const kSilent = "127.0.0.31";
const char* const kStranger = "127.0.0.99";
const char* const kEc2 = "ec2.ap-northeast-1.amazonaws.com";

class Isolation : public testing::Environment {
  void SetUp() override { leave_the_network(); }  // where it may not, the loopback is shared: ports are any
};
const auto* const kIsolation = testing::AddGlobalTestEnvironment(std::make_unique<Isolation>().release());

// Waits for a condition that another thread makes true.
template <typename Condition>
bool becomes_true(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(kDeadlineMs);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

class ResolverTest : public testing::Test {
 protected:
  ResolverTest() {
    options_.listen = {{ip("127.0.0.1"), 0}};
    options_.recursion.upstreams.emplace();
  }

  void start() {
    auto resolver = Resolver::start(options_, log_);
    ASSERT_TRUE(resolver) << resolver.error().text();
    resolver_ = std::move(*resolver);
    server_ = resolver_->addresses().at(0);
    ASSERT_TRUE(resolver_->set_host(host()));
    ASSERT_TRUE(resolver_->set_vpc(vpc_one()));
    ASSERT_TRUE(resolver_->set_vpc(vpc_two()));
    ASSERT_TRUE(resolver_->set_vpc(vpc_silent()));
  }

  Message ask_udp(const char* from, const Message& message) {
    return UdpClient(server_, from).ask(message).value_or(Message());
  }

  Log log_ = Log::discard();
  Resolver::Options options_;
  std::unique_ptr<Resolver> resolver_;
  SocketAddress server_;
};

TEST_F(ResolverTest, TheSourceAddressDecidesWhatIsSeen) {
  start();
  EXPECT_THAT(addresses_in(ask_udp(kOne, query(kEc2))), ElementsAre("10.0.0.5", "10.0.1.5"));
  EXPECT_THAT(addresses_in(ask_udp(kOther, query(kEc2))), ElementsAre("10.0.0.5", "10.0.1.5"));
  EXPECT_THAT(addresses_in(ask_udp(kTwo, query(kEc2))), ElementsAre("203.0.113.10"));
  EXPECT_EQ(ask_udp(kStranger, query(kEc2)).header.rcode, rcode::kRefused);
  EXPECT_EQ(ask_udp(kOne, query(kEc2)).header.id, 4242);
  EXPECT_THAT(addresses_in(TcpClient(server_, kOne).ask(query(kEc2)).value()), ElementsAre("10.0.0.5", "10.0.1.5"));
  EXPECT_THAT(addresses_in(TcpClient(server_, kTwo).ask(query(kEc2)).value()), ElementsAre("203.0.113.10"));
}

TEST_F(ResolverTest, WithoutDnsSupportThereIsNoAnswer) {
  start();
  UdpClient client(server_, kSilent);
  client.send(query(kEc2));
  ASSERT_TRUE(becomes_true([&] { return resolver_->statistics().silent == 1; }));
  EXPECT_FALSE(client.has_answer());
  TcpClient tcp(server_, kSilent);
  ASSERT_TRUE(tcp.send(query(kEc2)));
  EXPECT_TRUE(tcp.closes());
}

TEST_F(ResolverTest, BrokenQueriesAreToldSoAndStrangersNothing) {
  start();
  UdpClient client(server_, kOne), stranger(server_, kStranger);
  const Bytes broken = {0xab, 0xcd, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 5, 'x'};
  client.send(broken);
  const auto answer = client.receive();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->header.id, 0xabcd);
  EXPECT_EQ(answer->header.rcode, rcode::kFormErr);
  stranger.send(broken);
  client.send(Bytes{1, 2, 3});
  client.send(Bytes{0xab, 0xcd, 0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0, 5, 'x'});  // a response
  Message response = query(kEc2);
  response.header.response = true;
  client.send(response);
  ASSERT_TRUE(becomes_true([&] { return resolver_->statistics().queries == 5; }));
  EXPECT_EQ(resolver_->statistics().malformed, 4u);
  EXPECT_TRUE(client.ask(query(kEc2))) << "it goes on";
  EXPECT_FALSE(client.has_answer());
  EXPECT_FALSE(stranger.has_answer());
}

TEST_F(ResolverTest, WhatDoesNotFitIsCutByUdpAndWholeByTcp) {
  start();
  auto vpc = vpc_two();
  plan::Name many{"many.example", {}};
  for (uint32_t n = 0; n < 200; ++n) many.addresses.push_back(IpAddress::from_v4(0x0a000000 + n));
  vpc.private_names = {many};
  ASSERT_TRUE(resolver_->set_vpc(vpc));
  UdpClient client(server_, kTwo);
  auto message = query("many.example");
  auto answer = client.ask(message).value();
  EXPECT_TRUE(answer.header.truncated);
  EXPECT_LE(client.last_size(), kPlainUdpSize);
  message.edns = Edns{65535, 0, false, {}};
  answer = client.ask(message).value();
  EXPECT_TRUE(answer.header.truncated);
  EXPECT_LE(client.last_size(), size_t{kLargestUdpAnswer});
  answer = TcpClient(server_, kTwo).ask(message).value();
  EXPECT_FALSE(answer.header.truncated);
  EXPECT_EQ(answer.answers.size(), 200u);
}

TEST_F(ResolverTest, OneTcpConnectionCarriesManyQueries) {
  start();
  TcpClient client(server_, kOne);
  Bytes all;
  constexpr uint16_t kQueries = 200;
  for (uint16_t n = 0; n < kQueries; ++n) {
    auto message = query(kEc2);
    message.header.id = n;
    const auto framed = TcpClient::framed(message);
    all.insert(all.end(), framed.begin(), framed.end());
  }
  ASSERT_TRUE(client.send_raw(all));
  std::set<uint16_t> ids;
  for (uint16_t n = 0; n < kQueries; ++n) {
    const auto answer = client.receive();
    ASSERT_TRUE(answer) << n;
    EXPECT_EQ(answer->answers.size(), 2u);
    ids.insert(answer->header.id);
  }
  EXPECT_EQ(ids.size(), kQueries);
}

TEST_F(ResolverTest, AQueryMayComeInPiecesAndTheClientMayEndEarly) {
  start();
  TcpClient client(server_, kOne);
  for (const uint8_t byte : TcpClient::framed(query(kEc2))) ASSERT_TRUE(client.send_raw({byte}));
  EXPECT_TRUE(client.receive());
  ASSERT_TRUE(client.send(query(kEc2)));
  ASSERT_TRUE(client.send(query(kEc2)));
  client.end_sending();
  EXPECT_TRUE(client.receive());
  EXPECT_TRUE(client.receive());
  EXPECT_TRUE(client.closes());
}

TEST_F(ResolverTest, AConnectionThatIsIdleIsClosed) {
  options_.tcp.idle = std::chrono::milliseconds(50);
  start();
  TcpClient silent(server_, kOne), half(server_, kOne), used(server_, kOne);
  ASSERT_TRUE(half.send_raw({0, 40, 1}));
  ASSERT_TRUE(used.ask(query(kEc2)));
  EXPECT_TRUE(silent.closes());
  EXPECT_TRUE(half.closes());
  EXPECT_TRUE(used.closes());
}

TEST_F(ResolverTest, AnAskerHasSoManyConnections) {
  options_.tcp.connections = 3;
  options_.tcp.connections_each = 2;
  start();
  auto first = std::make_unique<TcpClient>(server_, kOne);
  TcpClient second(server_, kOne);
  ASSERT_TRUE(first->ask(query(kEc2)));
  ASSERT_TRUE(second.ask(query(kEc2)));
  EXPECT_TRUE(TcpClient(server_, kOne).closes());
  TcpClient other(server_, kOther);
  ASSERT_TRUE(other.ask(query(kEc2))) << "others have theirs";
  EXPECT_TRUE(TcpClient(server_, kTwo).closes()) << "all are taken";
  first.reset();
  EXPECT_TRUE(becomes_true([&] { return TcpClient(server_, kTwo).ask(query(kEc2)).has_value(); }));
}

TEST_F(ResolverTest, WhatCannotBeBoundIsAnError) {
  start();
  options_.listen = {server_};
  auto again = Resolver::start(options_, log_);
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error().text(), HasSubstr("bind UDP " + to_string(server_)));
  options_.listen = {{ip("192.0.2.77"), 0}};
  again = Resolver::start(options_, log_);
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error().text(), HasSubstr("192.0.2.77:0"));
  auto tcp = bind_socket({ip("127.0.0.1"), 0}, SOCK_STREAM);
  ASSERT_TRUE(tcp && ::listen(tcp->fd.get(), 1) == 0);
  options_.listen = {tcp->address};
  again = Resolver::start(options_, log_);
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error().text(), HasSubstr("bind TCP"));
}

TEST_F(ResolverTest, ListensOnIpv6Too) {
  options_.listen = {{ip("127.0.0.1"), 0}, {ip("::1"), 0}};
  auto resolver = Resolver::start(options_, log_);
  if (!resolver && resolver.error().code == EADDRNOTAVAIL) GTEST_SKIP() << "this host has no ::1";
  ASSERT_TRUE(resolver) << resolver.error().text();
  plan::VpcPlan vpc = vpc_one();
  vpc.ports = {port("::1")};
  ASSERT_TRUE((*resolver)->set_vpc(vpc));
  const auto server = (*resolver)->addresses().at(1);
  EXPECT_EQ(UdpClient(server, "::1").ask(query(kEc2)).value().answers.size(), 2u);
  EXPECT_EQ(TcpClient(server, "::1").ask(query(kEc2)).value().answers.size(), 2u);
}

// Every answer is one of two states, never a mixture, and after a publication only the new one.
TEST_F(ResolverTest, APublicationIsSeenAtOnceAndWhole) {
  start();
  auto odd = vpc_two(), even = vpc_two();
  odd.private_names = {{"swap.example", {ip("10.1.0.1"), ip("10.1.0.2")}}};
  even.private_names = {{"swap.example", {ip("10.2.0.1"), ip("10.2.0.2")}}};
  ASSERT_TRUE(resolver_->set_vpc(odd));
  std::atomic<bool> stop = false;
  std::atomic<int> asked = 0, mixed = 0;
  std::thread asker([&] {
    UdpClient client(server_, kTwo);
    while (!stop) {
      const auto answer = client.ask(query("swap.example"));
      const auto got = answer ? addresses_in(*answer) : std::vector<std::string>();
      if (got != std::vector<std::string>{"10.1.0.1", "10.1.0.2"} &&
          got != std::vector<std::string>{"10.2.0.1", "10.2.0.2"}) {
        ++mixed;
      }
      ++asked;
    }
  });
  UdpClient client(server_, kTwo);
  for (int n = 0; n < 500 || asked < 100; ++n) {
    ASSERT_TRUE(resolver_->set_vpc(n % 2 ? odd : even));
    const auto answer = client.ask(query("swap.example"));
    ASSERT_TRUE(answer);
    EXPECT_EQ(addresses_in(*answer).front(), n % 2 ? "10.1.0.1" : "10.2.0.1");
  }
  stop = true;
  asker.join();
  EXPECT_EQ(mixed, 0);
}

}  // namespace
}  // namespace ginnel::dns
