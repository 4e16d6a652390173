// The prober against real servers on the loopback; its seconds are ten milliseconds long.
#include "health/prober.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>

#include "health/test_target.h"

namespace ginnel::health {
namespace {

using namespace test;  // NOLINT: its names are made for this
using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const IpAddress kLoopback = IpAddress::from_v4(INADDR_LOOPBACK);
constexpr auto kDeadline = 20s;

// What one thread says and another waits for.
template <typename T>
class Mail {
 public:
  void put(T item) {
    const std::lock_guard lock(mutex_);
    items_.push_back(std::move(item));
    arrived_.notify_all();
  }
  std::optional<T> take() {
    std::unique_lock lock(mutex_);
    if (!arrived_.wait_for(lock, kDeadline, [this] { return !items_.empty(); })) return std::nullopt;
    T first = std::move(items_.front());
    items_.pop_front();
    return first;
  }
  size_t size() {
    const std::lock_guard lock(mutex_);
    return items_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<T> items_;
};

plan::Probe probe_of(uint16_t port, plan::Probe::Protocol protocol = plan::Probe::Protocol::tcp) {
  plan::Probe out;
  out.address = out.target_address = kLoopback;
  out.port = port;
  out.target = "arn:targetgroup/t|127.0.0.1:" + std::to_string(port);
  out.protocol = protocol;
  out.path = "/health";
  out.matcher = "200-399";
  out.interval_s = 5;
  out.timeout_s = 500;  // 5 s of real time: no check ends by it unless it is meant to
  out.healthy_threshold = out.unhealthy_threshold = 3;
  out.health = "initial";
  return out;
}

plan::VpcPlan plan_of(std::vector<plan::Probe> probes) {
  plan::VpcPlan out;
  out.number = 1;
  out.probes = std::move(probes);
  return out;
}

class ProberTest : public testing::Test {
 protected:
  ProberTest() {
    Prober::Options options;
    options.source = kLoopback;
    options.second = 10ms;
    prober_ = *Prober::start(
        options,
        [this](std::vector<Finding> findings) {
          for (auto& finding : findings) findings_.put(std::move(finding));
        },
        log_);
  }
  void watch(std::vector<plan::Probe> probes) { prober_->set_vpc(plan_of(std::move(probes))); }
  bool checks_reach(uint64_t count) {
    const auto deadline = Steady::now() + kDeadline;
    while (prober_->checks() < count && Steady::now() < deadline) std::this_thread::yield();
    return prober_->checks() >= count;
  }
  using Steady = std::chrono::steady_clock;

  Log log_ = Log::discard();
  Mail<Finding> findings_;
  std::unique_ptr<Prober> prober_;
};

TEST_F(ProberTest, ATargetThatAcceptsBecomesHealthyAfterTheThreshold) {
  const TestTarget target([](int) {});
  watch({probe_of(target.port())});
  const auto finding = findings_.take();
  ASSERT_TRUE(finding);
  EXPECT_TRUE(finding->healthy);
  EXPECT_EQ(finding->target, probe_of(target.port()).target);
  EXPECT_EQ(finding->reason, "");
  EXPECT_GE(target.connections(), 2);  // the third may be accepted after its check ended
}

TEST_F(ProberTest, ATargetThatRefusesBecomesUnhealthy) {
  uint16_t port = 0;
  {
    port = TestTarget([](int) {}).port();
  }
  watch({probe_of(port)});
  const auto finding = findings_.take();
  ASSERT_TRUE(finding);
  EXPECT_FALSE(finding->healthy);
  EXPECT_EQ(finding->reason, "Target.FailedHealthChecks");
  EXPECT_EQ(finding->description, "Health checks failed");
}

TEST_F(ProberTest, OnlyTransitionsAreToldOf) {
  auto target = std::make_unique<TestTarget>([](int) {});
  const uint16_t port = target->port();
  watch({probe_of(port)});
  ASSERT_TRUE(findings_.take()->healthy);
  ASSERT_TRUE(checks_reach(prober_->checks() + 5));
  EXPECT_EQ(findings_.size(), 0U);
  target.reset();
  const auto gone = findings_.take();
  ASSERT_TRUE(gone);
  EXPECT_FALSE(gone->healthy);
  target = std::make_unique<TestTarget>([](int) {}, port);
  const auto back = findings_.take();
  ASSERT_TRUE(back);
  EXPECT_TRUE(back->healthy);
}

TEST_F(ProberTest, AnHttpTargetIsAskedAsElbAsksAndJudgedByItsStatus) {
  Mail<std::string> requests;
  std::atomic<int> status = 200;
  const TestTarget target([&](int fd) {
    requests.put(read_head(fd));
    write_all(fd, "HTTP/1.1 " + std::to_string(status) + " Whatever\r\nContent-Length: 2\r\n\r\nok");
  });
  watch({probe_of(target.port(), plan::Probe::Protocol::http)});
  EXPECT_TRUE(findings_.take()->healthy);
  const auto request = requests.take();
  ASSERT_TRUE(request);
  EXPECT_THAT(*request,
              StartsWith("GET /health HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(target.port()) + "\r\n"));
  EXPECT_THAT(*request, HasSubstr("\r\nUser-Agent: ELB-HealthChecker/2.0\r\n"));
  EXPECT_THAT(*request, HasSubstr("\r\nConnection: close\r\n"));
  status = 503;
  const auto finding = findings_.take();
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->reason, "Target.ResponseCodeMismatch");
  EXPECT_EQ(finding->description, "Health checks failed with these codes: [503]");
}

TEST_F(ProberTest, AnAnswerThatTheMatcherDoesNotTakeIsAMismatch) {
  const TestTarget target([&](int fd) {
    read_head(fd);
    write_all(fd, "HTTP/1.0 204 No Content\r\n\r\n");
  });
  auto probe = probe_of(target.port(), plan::Probe::Protocol::http);
  probe.matcher = "200,202";
  watch({probe});
  EXPECT_EQ(findings_.take()->description, "Health checks failed with these codes: [204]");
}

TEST_F(ProberTest, AnAnswerInPiecesIsReadToItsEndWithoutAReset) {
  Mail<int> errors;
  const TestTarget target([&](int fd) {
    read_head(fd);
    for (const auto* piece : {"HTT", "P/1.1 2", "00 OK\r\n", "Content-Length: 100000\r\n\r\n"}) write_all(fd, piece);
    write_all(fd, std::string(100'000, 'x'));
    ::shutdown(fd, SHUT_WR);
    char end = 0;
    errors.put(::recv(fd, &end, 1, 0) < 0 ? errno : 0);
  });
  watch({probe_of(target.port(), plan::Probe::Protocol::http)});
  EXPECT_TRUE(findings_.take()->healthy);
  // The prober's own close is a reset, after everything was read.
  EXPECT_EQ(errors.take(), ECONNRESET);
}

TEST_F(ProberTest, SomethingElseThanHttpFails) {
  const TestTarget target([&](int fd) { write_all(fd, "220 mail.example.com ESMTP\r\n"); });
  watch({probe_of(target.port(), plan::Probe::Protocol::http)});
  EXPECT_EQ(findings_.take()->reason, "Target.FailedHealthChecks");
}

TEST_F(ProberTest, ATargetThatSaysNothingTimesOut) {
  const TestTarget target([&](int fd) {
    char byte = 0;
    while (::recv(fd, &byte, 1, 0) > 0) {
    }
  });
  auto probe = probe_of(target.port(), plan::Probe::Protocol::http);
  probe.timeout_s = 3;
  watch({probe});
  const auto finding = findings_.take();
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->reason, "Target.Timeout");
  EXPECT_EQ(finding->description, "Request timed out");
}

TEST_F(ProberTest, AnHttpsTargetNeedsNoGoodCertificate) {
  TestTls tls;
  Mail<std::string> requests;
  const TestTarget target([&](int fd) { requests.put(tls.serve(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")); });
  watch({probe_of(target.port(), plan::Probe::Protocol::https)});
  EXPECT_TRUE(findings_.take()->healthy);
  EXPECT_THAT(*requests.take(), StartsWith("GET /health HTTP/1.1\r\n"));
}

TEST_F(ProberTest, PlainHttpWhereTlsIsAskedForFails) {
  const TestTarget target([&](int fd) { write_all(fd, "HTTP/1.1 400 Bad Request\r\n\r\n"); });
  watch({probe_of(target.port(), plan::Probe::Protocol::https)});
  EXPECT_EQ(findings_.take()->reason, "Target.FailedHealthChecks");
}

TEST_F(ProberTest, AProxyHeaderOfCommandLocalGoesFirst) {
  const std::string header("\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", 16);
  Mail<std::string> seen;
  const TestTarget tcp([&](int fd) {
    std::string bytes(17, 'x');
    bytes.resize(static_cast<size_t>(std::max<ssize_t>(::recv(fd, bytes.data(), 16, MSG_WAITALL), 0)));
    seen.put(bytes);
  });
  const TestTarget http([&](int fd) {
    seen.put(read_head(fd));
    write_all(fd, "HTTP/1.1 200 OK\r\n\r\n");
  });
  auto probe = probe_of(tcp.port());
  probe.proxy_header = true;
  watch({probe});
  EXPECT_EQ(seen.take(), header);
  watch({});
  while (seen.size() > 0) (void)seen.take();
  probe = probe_of(http.port(), plan::Probe::Protocol::http);
  probe.proxy_header = true;
  watch({probe});
  for (auto bytes = seen.take(); bytes != header; bytes = seen.take()) {  // the last of the TCP target may be late
    ASSERT_TRUE(bytes);
    if (bytes->size() > 16) {
      EXPECT_THAT(*bytes, StartsWith(header + "GET /health HTTP/1.1\r\n"));
      break;
    }
  }
}

TEST_F(ProberTest, ATargetThatIsHealthyAlreadyIsNotToldOfAgain) {
  const TestTarget target([](int) {});
  auto probe = probe_of(target.port());
  probe.health = "healthy";
  watch({probe});
  ASSERT_TRUE(checks_reach(5));
  EXPECT_EQ(findings_.size(), 0U);
}

TEST_F(ProberTest, ATargetThatIsRegisteredAnewIsToldOfAgain) {
  const TestTarget target([](int) {});
  watch({probe_of(target.port())});
  ASSERT_TRUE(findings_.take()->healthy);
  watch({probe_of(target.port())});  // the model says "initial"
  const auto again = findings_.take();
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->healthy);
}

TEST_F(ProberTest, ATargetThatLeftIsCheckedNoMore) {
  const TestTarget target([](int) {}), other([](int) {});
  watch({probe_of(target.port())});
  ASSERT_TRUE(findings_.take()->healthy);
  prober_->remove_vpc(1);
  auto elsewhere = plan_of({probe_of(other.port())});
  elsewhere.number = 2;
  prober_->set_vpc(elsewhere);
  ASSERT_TRUE(findings_.take());  // of the other: the removal is in force
  const int connections = target.connections();
  ASSERT_TRUE(checks_reach(prober_->checks() + 10));
  EXPECT_EQ(target.connections(), connections);
}

TEST_F(ProberTest, AChangedCheckIsMadeWithinTheNewInterval) {
  const TestTarget target([](int) {});
  auto probe = probe_of(target.port());
  probe.interval_s = 1'000'000;
  probe.health = "healthy";
  watch({probe});
  probe.interval_s = 5;
  watch({probe});
  EXPECT_TRUE(checks_reach(3));
}

TEST_F(ProberTest, ADeadTargetHoldsUpNoOther) {
  std::atomic<bool> over = false;
  const TestTarget dead([&](int fd) {
    char byte = 0;
    while (!over && ::recv(fd, &byte, 1, 0) > 0) {
    }
  });
  const TestTarget live([](int) {});
  watch({probe_of(dead.port(), plan::Probe::Protocol::http), probe_of(live.port())});
  EXPECT_EQ(findings_.take()->target, probe_of(live.port()).target);
  over = true;
  prober_.reset();  // closes what the dead one waits for
}

}  // namespace
}  // namespace ginnel::health
