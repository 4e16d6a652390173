#include "relay/switchboard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <signal.h>

#include <future>

#include "relay/test_peers.h"

namespace ginnel::relay {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

// An address of the loopback network for this process alone, so that fixed ports are free.
IpAddress own_address() { return IpAddress::from_v4(0x7f4d0000U | (static_cast<uint32_t>(::getpid()) & 0xffffU)); }

class SwitchboardTest : public ::testing::Test {
 protected:
  void start(RelayLimits limits = {}) {
    loop_ = std::move(*EventLoop::make());
    board_ = std::make_unique<Switchboard>(*loop_, limits, log_);
    thread_ = std::thread([this] {
      sigset_t set;
      ::sigemptyset(&set);
      ::sigaddset(&set, SIGPIPE);
      ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
      loop_->run();
    });
  }
  ~SwitchboardTest() override {
    if (!loop_) return;
    loop_->stop();
    thread_.join();
    board_.reset();
  }
  // Runs on the loop's thread.
  template <typename F>
  auto on_loop(F f) {
    std::promise<decltype(f())> result;
    loop_->post([&] { result.set_value(f()); });
    return result.get_future().get();
  }
  Status set(const std::vector<plan::RelayService>& services, bool close_removed = false) {
    return on_loop([&] { return board_->set_services(own_address(), services, close_removed); });
  }
  RelayStatus status() {
    return on_loop([&] { return board_->status(); });
  }
  void serve(const Upstream& upstream) {
    const Status set_now = set({service(upstream.port())});
    ASSERT_TRUE(set_now) << set_now.error().text();
  }
  static plan::RelayService service(uint16_t upstream_port, const std::string& host = "127.0.0.1") {
    return {"test", kPort, host, upstream_port};
  }
  static UniqueFd client(uint16_t port = kPort) { return connect_to(own_address(), port); }

  static constexpr uint16_t kPort = 4430, kSecondPort = 4431;
  Log log_ = Log::discard();
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<Switchboard> board_;
  std::thread thread_;
};

enum class Finish { at_once, client_first, upstream_first };

// Sends both ways and looks at what arrives; "" where all is well.
std::string transfer(int a, int b, uint64_t seed, size_t a_to_b, size_t b_to_a, Finish finish) {
  const auto send = [](int fd, uint64_t of, size_t size) {
    const bool sent = write_stream(fd, of, size);
    ::shutdown(fd, SHUT_WR);
    return std::string(sent ? "" : "not sent");
  };
  // Who is second begins only when the other's stream has ended: half of the connection is closed all the while.
  const auto one_end = [&](int fd, uint64_t out_seed, size_t out, uint64_t in_seed, size_t in, bool waits) {
    if (waits) return check_stream(fd, in_seed, in) + send(fd, out_seed, out);
    auto sender = std::async(std::launch::async, send, fd, out_seed, out);
    std::string seen = check_stream(fd, in_seed, in);
    return seen + sender.get();
  };
  auto other =
      std::async(std::launch::async, one_end, b, seed + 1, b_to_a, seed, a_to_b, finish == Finish::client_first);
  const std::string here = one_end(a, seed, a_to_b, seed + 1, b_to_a, finish == Finish::upstream_first);
  const std::string there = other.get();
  return here.empty() && there.empty() ? "" : "client: " + here + "; upstream: " + there;
}

TEST_F(SwitchboardTest, SixtyFourMebibytesEachWayAreExact) {
  start();
  Upstream upstream;
  serve(upstream);
  for (const Finish finish : {Finish::at_once, Finish::client_first, Finish::upstream_first}) {
    const UniqueFd here = client();
    const UniqueFd there = upstream.accept();
    EXPECT_EQ(transfer(here.get(), there.get(), 42, 64U << 20, 64U << 20, finish), "");
  }
  EXPECT_TRUE(eventually([this] { return status().connections == 0; }));
  EXPECT_EQ(status().services[0].counters.bytes_up, 3 * (64U << 20));
  EXPECT_EQ(status().services[0].counters.bytes_down, 3 * (64U << 20));
}

TEST_F(SwitchboardTest, AnyLengthsAndAnyOrderOfEnds) {
  start();
  Upstream upstream;
  serve(upstream);
  EXPECT_TRUE(rc::check("what goes in comes out", [&] {
    const auto length = rc::gen::weightedOneOf<size_t>(
        {{2, rc::gen::inRange<size_t>(0, 100)}, {1, rc::gen::inRange<size_t>(0, 3U << 20)}});
    const size_t up = *length, down = *length;
    const auto finish = *rc::gen::element(Finish::at_once, Finish::client_first, Finish::upstream_first);
    const UniqueFd here = client();
    const UniqueFd there = upstream.accept();
    RC_ASSERT(transfer(here.get(), there.get(), *rc::gen::arbitrary<uint64_t>(), up, down, finish) == std::string());
  }));
  EXPECT_TRUE(eventually([this] { return status().connections == 0; }));
}

TEST_F(SwitchboardTest, ManyConnectionsAtOnce) {
  start();
  Upstream upstream;
  serve(upstream);
  std::vector<std::pair<UniqueFd, UniqueFd>> pairs;
  for (int i = 0; i < 300; ++i) {
    UniqueFd here = client();
    UniqueFd there = upstream.accept();
    ASSERT_TRUE(here && there) << i;
    pairs.emplace_back(std::move(here), std::move(there));
  }
  EXPECT_EQ(status().connections, pairs.size());
  for (int round = 0; round < 3; ++round) {
    for (size_t i = 0; i < pairs.size(); ++i) {
      send_text(pairs[i].first.get(), "to " + std::to_string(1000 + i));
      send_text(pairs[i].second.get(), "from " + std::to_string(1000 + i));
    }
    for (size_t i = 0; i < pairs.size(); ++i) {
      EXPECT_EQ(receive_text(pairs[i].second.get(), 7), "to " + std::to_string(1000 + i));
      EXPECT_EQ(receive_text(pairs[i].first.get(), 9), "from " + std::to_string(1000 + i));
    }
  }
}

TEST_F(SwitchboardTest, ASlowReaderHoldsTheWriterBackAndLosesNothing) {
  start();
  Upstream upstream;
  serve(upstream);
  const UniqueFd here = client();
  const UniqueFd there = upstream.accept();
  const std::string chunk(65536, 'x');
  size_t sent = 0;
  pollfd writable{here.get(), POLLOUT, 0};
  while (sent < (256U << 20) && ::poll(&writable, 1, 300) > 0) {
    const ssize_t n = ::send(here.get(), chunk.data(), chunk.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n > 0) sent += static_cast<size_t>(n);
  }
  EXPECT_LT(sent, 256U << 20);
  ::shutdown(here.get(), SHUT_WR);
  size_t seen = 0;
  std::string buffer(1U << 20, '\0');
  for (ssize_t n = 1; n > 0; seen += static_cast<size_t>(std::max<ssize_t>(n, 0))) {
    n = ::recv(there.get(), buffer.data(), buffer.size(), 0);
  }
  EXPECT_EQ(seen, sent);
}

TEST_F(SwitchboardTest, ADeadUpstreamResetsTheClient) {
  start();
  Upstream upstream;
  serve(upstream);
  upstream.close();
  const UniqueFd here = client();
  ASSERT_TRUE(here);
  EXPECT_EQ(next_of(here.get()), "ECONNRESET");
  const Service counters = status().services[0].counters;
  EXPECT_EQ(counters.failed, 1U);
  EXPECT_EQ(counters.open, 0U);
  EXPECT_EQ(counters.last_error, "connect 127.0.0.1:" + std::to_string(upstream.port()) + ": Connection refused");
}

TEST_F(SwitchboardTest, ANameThatDoesNotResolveResetsTheClient) {
  start();
  const std::string name(300, 'a');  // too long for the DNS: no question leaves the host
  ASSERT_TRUE(set({service(80, name)}));
  const UniqueFd here = client();
  EXPECT_EQ(next_of(here.get()), "ECONNRESET");
  EXPECT_THAT(status().services[0].counters.last_error, HasSubstr("resolve " + name + ": "));
}

TEST_F(SwitchboardTest, ANameIsResolvedAndAllItsAddressesAreTried) {
  start();
  Upstream upstream;  // on 127.0.0.1 only; "localhost" may be ::1 first
  ASSERT_TRUE(set({service(upstream.port(), "localhost")}));
  const UniqueFd here = client();
  const UniqueFd there = upstream.accept();
  send_text(here.get(), "hello");
  EXPECT_EQ(receive_text(there.get(), 5), "hello");
}

TEST_F(SwitchboardTest, AnUpstreamThatDoesNotAnswerInTimeResetsTheClient) {
  RelayLimits limits;
  limits.connect_timeout = 100ms;
  start(limits);
  Upstream upstream(0);
  serve(upstream);
  // Connections that nobody accepts fill the queue; then the kernel drops the requests.
  std::vector<UniqueFd> fillers;
  const sockaddr_in native = native_v4(IpAddress::from_v4(INADDR_LOOPBACK), upstream.port());
  for (int i = 0; i < 4; ++i) {
    fillers.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    (void)::connect(fillers.back().get(), reinterpret_cast<const sockaddr*>(&native), sizeof native);
  }
  const UniqueFd here = client();
  EXPECT_EQ(next_of(here.get()), "ECONNRESET");
  EXPECT_THAT(status().services[0].counters.last_error, HasSubstr(": no answer in time"));
}

TEST_F(SwitchboardTest, TheRelayIsNotItsOwnUpstream) {
  start();
  ASSERT_TRUE(set({service(kPort, own_address().to_string())}));
  const UniqueFd here = client();
  EXPECT_EQ(next_of(here.get()), "ECONNRESET");
  EXPECT_THAT(status().services[0].counters.last_error, HasSubstr("the relay itself listens there"));
}

TEST_F(SwitchboardTest, WhatAClientSentBeforeTheUpstreamWasReachedArrives) {
  start();
  Upstream upstream;
  ASSERT_TRUE(set({service(upstream.port(), "localhost")}));
  const UniqueFd here = client();
  send_text(here.get(), "early");
  ::shutdown(here.get(), SHUT_WR);
  const UniqueFd there = upstream.accept();
  EXPECT_EQ(receive_text(there.get(), 6), "early");
  EXPECT_EQ(next_of(there.get()), "end");
  send_text(there.get(), "late");
  EXPECT_EQ(receive_text(here.get(), 4), "late");
}

TEST_F(SwitchboardTest, AResetIsPassedOnBothWays) {
  start();
  Upstream upstream;
  serve(upstream);
  {
    UniqueFd here = client();
    const UniqueFd there = upstream.accept();
    reset(std::move(here));
    EXPECT_EQ(next_of(there.get()), "ECONNRESET");
  }
  {
    const UniqueFd here = client();
    reset(upstream.accept());
    EXPECT_EQ(next_of(here.get()), "ECONNRESET");
  }
  EXPECT_TRUE(eventually([this] { return status().connections == 0; }));
}

TEST_F(SwitchboardTest, BytesBeforeAResetArriveBeforeIt) {
  start();
  Upstream upstream;
  serve(upstream);
  for (int i = 0; i < 50; ++i) {
    const UniqueFd here = client();
    UniqueFd there = upstream.accept();
    send_text(here.get(), "unread");
    // Closing with unread bytes makes the kernel send a reset after the answer.
    ASSERT_TRUE(eventually([&] {
      pollfd readable{there.get(), POLLIN, 0};
      return ::poll(&readable, 1, 100) > 0;
    }));
    send_text(there.get(), "answer");
    there.reset();
    EXPECT_EQ(receive_text(here.get(), 6), "answer");
    EXPECT_EQ(next_of(here.get()), "ECONNRESET");
  }
}

TEST_F(SwitchboardTest, AClientThatIsGoneMeetsAnUpstreamThatStillSends) {
  start();
  Upstream upstream;
  serve(upstream);
  UniqueFd here = client();
  const UniqueFd there = upstream.accept();
  here.reset();
  EXPECT_EQ(next_of(there.get()), "end");
  EXPECT_TRUE(eventually([&] { return !send_text(there.get(), "more"); }));
  EXPECT_TRUE(eventually([this] { return status().connections == 0; }));
}

TEST_F(SwitchboardTest, IdleConnectionsAreReset) {
  RelayLimits limits;
  limits.idle_timeout = 60ms;
  start(limits);
  Upstream upstream;
  serve(upstream);
  const UniqueFd here = client();
  const UniqueFd there = upstream.accept();
  EXPECT_EQ(next_of(here.get()), "ECONNRESET");
  EXPECT_EQ(next_of(there.get()), "ECONNRESET");
}

TEST_F(SwitchboardTest, ConnectionsOverTheLimitAreResetAndCounted) {
  RelayLimits limits;
  limits.connections = 2;
  start(limits);
  Upstream upstream;
  serve(upstream);
  UniqueFd first = client();
  const UniqueFd second = client();
  upstream.accept();  // closes the first at once
  EXPECT_TRUE(eventually([this] { return status().services[0].counters.accepted == 2; }));
  const UniqueFd third = client();
  EXPECT_EQ(next_of(third.get()), "ECONNRESET");
  EXPECT_EQ(status().services[0].counters.refused, 1U);
  first.reset();
  EXPECT_TRUE(eventually([this] { return status().connections == 1; }));
  const UniqueFd fourth = client();
  upstream.accept();
  EXPECT_TRUE(upstream.accept());
}

TEST_F(SwitchboardTest, ServicesThatStayAreNotTouched) {
  start();
  Upstream upstream;
  serve(upstream);
  const UniqueFd here = client();
  const UniqueFd there = upstream.accept();
  ASSERT_TRUE(set({service(upstream.port())}));
  ASSERT_TRUE(set({service(upstream.port()), {"other", kSecondPort, "127.0.0.1", upstream.port()}}));
  EXPECT_EQ(status().services.size(), 2U);
  send_text(here.get(), "still");
  EXPECT_EQ(receive_text(there.get(), 5), "still");
  const UniqueFd through_second = client(kSecondPort);
  EXPECT_TRUE(upstream.accept());
}

TEST_F(SwitchboardTest, ANewUpstreamIsForNewConnections) {
  start();
  Upstream old_upstream, new_upstream;
  serve(old_upstream);
  const UniqueFd before = client();
  const UniqueFd there_before = old_upstream.accept();
  serve(new_upstream);
  const UniqueFd after = client();
  const UniqueFd there_after = new_upstream.accept();
  send_text(before.get(), "old");
  send_text(after.get(), "new");
  EXPECT_EQ(receive_text(there_before.get(), 3), "old");
  EXPECT_EQ(receive_text(there_after.get(), 3), "new");
}

TEST_F(SwitchboardTest, ARemovedServiceAcceptsNoMoreButItsConnectionsLiveOn) {
  start();
  Upstream upstream;
  serve(upstream);
  const UniqueFd here = client();
  const UniqueFd there = upstream.accept();
  ASSERT_TRUE(set({}));
  EXPECT_FALSE(client());
  EXPECT_EQ(errno, ECONNREFUSED);
  send_text(here.get(), "still");
  EXPECT_EQ(receive_text(there.get(), 5), "still");
  EXPECT_EQ(status().connections, 1U);
}

TEST_F(SwitchboardTest, ARemovedServiceResetsItsConnectionsWhereAsked) {
  start();
  Upstream upstream;
  ASSERT_TRUE(set({service(upstream.port()), {"other", kSecondPort, "127.0.0.1", upstream.port()}}));
  const UniqueFd removed = client();
  const UniqueFd there_removed = upstream.accept();
  const UniqueFd kept = client(kSecondPort);
  const UniqueFd there_kept = upstream.accept();
  ASSERT_TRUE(set({{"other", kSecondPort, "127.0.0.1", upstream.port()}}, true));
  EXPECT_EQ(next_of(removed.get()), "ECONNRESET");
  EXPECT_EQ(next_of(there_removed.get()), "ECONNRESET");
  send_text(kept.get(), "still");
  EXPECT_EQ(receive_text(there_kept.get(), 5), "still");
}

TEST_F(SwitchboardTest, AnAddressMayComeLater) {
  start();
  const IpAddress absent = IpAddress::parse("192.0.2.77").value();
  ASSERT_TRUE(on_loop([&] { return board_->set_services(absent, {service(80)}, false); }));
  EXPECT_TRUE(status().services[0].listening);
}

TEST_F(SwitchboardTest, AServiceThatCannotListenIsToldAndTriedAgain) {
  start();
  UniqueFd blocker = listen_at(own_address(), kPort);
  ASSERT_TRUE(blocker);
  Upstream upstream;
  ASSERT_TRUE(set({service(upstream.port()), {"other", kSecondPort, "127.0.0.1", upstream.port()}}));
  EXPECT_EQ(status().services[0].error, "listen on " + own_address().to_string() + ":4430: Address already in use");
  EXPECT_FALSE(status().services[0].listening);
  EXPECT_TRUE(status().services[1].listening);
  blocker.reset();
  ASSERT_TRUE(set({service(upstream.port())}));
  EXPECT_TRUE(status().services[0].listening);
  EXPECT_EQ(status().services[0].error, "");
}

TEST_F(SwitchboardTest, ListsThatMakeNoSenseAreRefusedByName) {
  start();
  const plan::RelayService good = service(80);
  for (const auto& [bad, why] : std::vector<std::pair<plan::RelayService, std::string>>{
           {{"bad", 0, "host", 80}, "its port is 0"},
           {{"bad", 1, "host", 0}, "the port of its upstream is 0"},
           {{"bad", 1, "", 80}, "it has no upstream"},
           {{"bad", kPort, "host", 80}, "another service has the same port"}}) {
    const Status refused = set({good, bad});
    ASSERT_FALSE(refused) << why;
    EXPECT_EQ(refused.error().text(), "relay service \"bad\": " + why);
    EXPECT_TRUE(status().services.empty());
  }
}

}  // namespace
}  // namespace ginnel::relay
