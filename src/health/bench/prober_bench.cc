// health_bench [TARGETS [INTERVAL_S [SECONDS]]]: what the checks of so many TCP targets cost.
//
// The targets are loopback addresses 127.1.x.y, with one listener that accepts and closes. Run it in a network
// namespace of its own: unshare -rn sh -c 'ip link set lo up; health_bench'. On the loopback the kernel does the
// target's half of each handshake in the caller's context, so the figure holds that work too.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <atomic>
#include <cstdlib>
#include <thread>

#include "base/unique_fd.h"
#include "health/prober.h"

namespace {

using namespace ginnel;  // NOLINT: a program of its own

class Acceptor {
 public:
  Acceptor() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)), stop_(::eventfd(0, EFD_CLOEXEC)) {
    sockaddr_in any{};
    any.sin_family = AF_INET;
    any.sin_addr.s_addr = htonl(INADDR_ANY);
    socklen_t size = sizeof any;
    if (::bind(fd_.get(), reinterpret_cast<sockaddr*>(&any), size) != 0 || ::listen(fd_.get(), 4096) != 0 ||
        ::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&any), &size) != 0) {
      std::abort();
    }
    port_ = ntohs(any.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~Acceptor() {
    const uint64_t one = 1;
    (void)!::write(stop_.get(), &one, sizeof one);
    thread_.join();
  }
  [[nodiscard]] uint16_t port() const { return port_; }
  [[nodiscard]] uint64_t accepted() const { return accepted_; }

 private:
  void serve() {
    for (;;) {
      pollfd wait[] = {{stop_.get(), POLLIN, 0}, {fd_.get(), POLLIN, 0}};
      if (::poll(wait, 2, -1) < 0 || wait[0].revents != 0) return;
      while (UniqueFd(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC))) ++accepted_;
    }
  }

  UniqueFd fd_, stop_;
  uint16_t port_ = 0;
  std::atomic<uint64_t> accepted_ = 0;
  std::thread thread_;
};

Status run(uint32_t targets, uint32_t interval_s, uint32_t seconds) {
  Log log = Log::to_stderr();
  const Acceptor acceptor;
  std::atomic<size_t> changes = 0;
  health::Prober::Options options;
  options.source = IpAddress::from_v4(0x7f000001);
  GINNEL_TRY(const auto prober, health::Prober::start(
                                    options, [&](const auto& findings) { changes += findings.size(); }, log));
  plan::VpcPlan plan;
  plan.number = 1;
  for (uint32_t n = 0; n < targets; ++n) {
    plan::Probe probe;
    probe.address = probe.target_address = IpAddress::from_v4(0x7f010000 + n);
    probe.port = acceptor.port();
    probe.target =
        fmt::format("arn:aws:elasticloadbalancing:ap-northeast-1:111122223333:targetgroup/t/0|10.{}.{}.{}:80", n >> 16,
                    n >> 8 & 255, n & 255);
    probe.interval_s = interval_s;
    probe.health = "healthy";
    plan.probes.push_back(std::move(probe));
  }
  prober->set_vpc(plan);
  const auto pause = [](uint32_t s) { std::this_thread::sleep_for(std::chrono::seconds(s)); };
  pause(interval_s);  // every target had its turn, and memory is warm
  const auto cpu_before = prober->cpu_time();
  const uint64_t checks_before = prober->checks();
  const auto start = std::chrono::steady_clock::now();
  pause(seconds);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  const std::chrono::duration<double> cpu = prober->cpu_time() - cpu_before;
  const auto checks = static_cast<double>(prober->checks() - checks_before);
  fmt::print("{} targets every {} s: {:.0f} checks/s, {:.2f} % of one core, {:.1f} us each; {} accepted, {} changes\n",
             targets, interval_s, checks / took.count(), 100 * cpu / took, cpu.count() / checks * 1e6,
             acceptor.accepted(), changes.load());
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  const auto argument = [&](int n, uint32_t otherwise) {
    return argc > n ? static_cast<uint32_t>(std::strtoul(argv[n], nullptr, 10)) : otherwise;
  };
  const auto status = run(argument(1, 10'000), argument(2, 10), argument(3, 30));
  if (!status) fmt::print(stderr, "{}\n", status.error().text());
  return status ? 0 : 1;
}
