// dns_bench [QUERIES]: how many queries a second the resolver answers from published names, by UDP on the loopback, and
// how long one query takes. One asker keeps a window of queries in flight; asker and resolver share the machine.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <ctime>

#include "dns/listening_socket.h"
#include "dns/resolver.h"

namespace {

using namespace ginnel;       // NOLINT: a program of its own
using namespace ginnel::dns;  // NOLINT
using Time = std::chrono::steady_clock;

constexpr size_t kWindow = 64, kVpcs = 1000, kNamesEach = 10;
const IpAddress kLoopback = IpAddress::from_v4(0x7f000001);

double seconds_since(Time::time_point start) { return std::chrono::duration<double>(Time::now() - start).count(); }

// What the resolver's threads have used: the process without the asker's thread. Says more than the clock where others
// use the machine too.
double resolver_cpu_s() {
  const auto read = [](clockid_t clock) {
    timespec time{};
    ::clock_gettime(clock, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
  };
  return read(CLOCK_PROCESS_CPUTIME_ID) - read(CLOCK_THREAD_CPUTIME_ID);
}

plan::VpcPlan vpc(uint32_t number) {
  plan::VpcPlan out;
  out.number = number;
  out.ports.emplace_back().synthetic = IpAddress::from_v4(0x7f000000 + number);
  for (size_t n = 0; n < kNamesEach; ++n) {
    const IpAddress address = IpAddress::from_v4(0x0a000000 + static_cast<uint32_t>(n));
    out.private_names.push_back({fmt::format("s{}.ap-northeast-1.amazonaws.com", n), {address}});
    out.public_names.push_back({fmt::format("vpce-{}-{}.ec2.ap-northeast-1.vpce.amazonaws.com", number, n), {address}});
  }
  return out;
}

// Gives the queries a second, or 0 where an answer was lost.
double flood(int fd, const Bytes& query, size_t queries, size_t window) {
  std::array<std::array<uint8_t, 1500>, kWindow> buffers;
  std::array<iovec, kWindow> out_vectors{}, in_vectors{};
  std::array<mmsghdr, kWindow> out{}, in{};
  for (size_t n = 0; n < kWindow; ++n) {
    out_vectors[n] = {const_cast<uint8_t*>(query.data()), query.size()};
    in_vectors[n] = {buffers[n].data(), buffers[n].size()};
    out[n].msg_hdr.msg_iov = &out_vectors[n];
    in[n].msg_hdr.msg_iov = &in_vectors[n];
    out[n].msg_hdr.msg_iovlen = in[n].msg_hdr.msg_iovlen = 1;
  }
  const auto start = Time::now();
  for (size_t answered = 0, sent = 0; answered < queries;) {
    const size_t count = std::min(window - (sent - answered), queries - sent);
    if (count > 0)
      sent += static_cast<size_t>(std::max(0, ::sendmmsg(fd, out.data(), static_cast<unsigned>(count), 0)));
    const int got = ::recvmmsg(fd, in.data(), static_cast<unsigned>(window), MSG_WAITFORONE, nullptr);
    if (got <= 0) return 0;
    answered += static_cast<size_t>(got);
  }
  return static_cast<double>(queries) / seconds_since(start);
}

Status run(size_t queries) {
  Log log = Log::to_stderr();
  Resolver::Options options;
  options.listen = {{kLoopback, 0}};
  options.recursion.upstreams.emplace();
  GINNEL_TRY(const auto resolver, Resolver::start(options, log));
  plan::HostPlan host;
  host.region = "ap-northeast-1";
  host.dns_suffix = "amazonaws.com";
  GINNEL_CHECKED(resolver->set_host(host));
  const auto start = Time::now();
  for (uint32_t number = 1; number <= kVpcs; ++number) GINNEL_CHECKED(resolver->set_vpc(vpc(number)));
  const double publishing_us = seconds_since(start) / kVpcs * 1e6;
  fmt::print("publish one VPC of {} names, {} VPCs there: {:.0f} µs\n", 2 * kNamesEach, kVpcs, publishing_us);

  GINNEL_TRY(const auto client, bind_socket({kLoopback, 0}, SOCK_DGRAM));
  const auto server = to_kernel(resolver->addresses().front());
  if (::connect(client.fd.get(), server.get(), server.size) != 0) return fail_errno("connect", "the resolver");
  // Blocking, with an end: an answer that is lost shows as 0.
  const int fd = client.fd.get();
  if (::fcntl(fd, F_SETFL, 0) != 0) return fail_errno("set up", "the asker");
  const timeval time_out{5, 0};
  if (::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time_out, sizeof time_out) != 0) {
    return fail_errno("set up", "the asker");
  }
  for (const char* text : {"s3.ap-northeast-1.amazonaws.com", "vpce-777-3.ec2.ap-northeast-1.vpce.amazonaws.com"}) {
    Message message;
    GINNEL_TRY(const Name name, Name::parse(text));
    message.questions = {{name, type::kA, kClassIn}};
    const Bytes query = encode(message);
    const double cpu_before_s = resolver_cpu_s();
    const double rate = flood(fd, query, queries, kWindow);
    const double cpu_us = (resolver_cpu_s() - cpu_before_s) / static_cast<double>(queries) * 1e6;
    const double alone_us = 1e6 / flood(fd, query, queries / 10, 1);
    fmt::print("{}: {:.0f} queries/s, {:.1f} µs of the resolver's CPU each; one at a time {:.1f} µs\n", text, rate,
               cpu_us, alone_us);
  }
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  const size_t queries = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 500000;
  const auto status = run(std::max<size_t>(queries, 10));
  if (!status) fmt::print(stderr, "{}\n", status.error().text());
  return status ? 0 : 1;
}
