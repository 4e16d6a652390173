// An upstream resolver for tests, on the loopback.
#pragma once

#include <sys/eventfd.h>

#include <atomic>
#include <functional>
#include <thread>

#include "base/check.h"
#include "dns/test_client.h"

namespace ginnel::dns::test {

// Answers by UDP and TCP what `answer` makes of a query; nothing: no answer. One query to a TCP connection.
class TestUpstream {
 public:
  using Answer = std::function<std::optional<Message>(const Message& query, bool tcp)>;

  explicit TestUpstream(Answer answer, const SocketAddress& where = {ip("127.0.0.1"), 0}) : answer_(std::move(answer)) {
    auto udp = bind_socket(where, SOCK_DGRAM);
    GINNEL_CHECK(udp, "the upstream's UDP port");
    address_ = udp->address;
    auto tcp = bind_socket(address_, SOCK_STREAM);
    GINNEL_CHECK(tcp && ::listen(tcp->fd.get(), 16) == 0, "the upstream's TCP port");
    udp_ = std::move(udp->fd);
    tcp_ = std::move(tcp->fd);
    stop_.reset(::eventfd(0, EFD_CLOEXEC));
    thread_ = std::thread([this] { serve(); });
  }
  ~TestUpstream() {
    const uint64_t one = 1;
    (void)!::write(stop_.get(), &one, sizeof one);
    thread_.join();
  }
  TestUpstream(const TestUpstream&) = delete;
  TestUpstream& operator=(const TestUpstream&) = delete;

  [[nodiscard]] const SocketAddress& address() const { return address_; }
  [[nodiscard]] int queries() const { return queries_; }

  // A reply without records, as a recursive server makes it.
  static Message reply_to(const Message& query, uint16_t rcode = rcode::kNoError) {
    Message reply;
    reply.header = query.header;
    reply.header.response = reply.header.recursion_available = true;
    reply.header.rcode = rcode;
    reply.questions = query.questions;
    return reply;
  }

 private:
  void serve() {
    for (;;) {
      pollfd wait[] = {{stop_.get(), POLLIN, 0}, {udp_.get(), POLLIN, 0}, {tcp_.get(), POLLIN, 0}};
      if (::poll(wait, 3, -1) < 0 || wait[0].revents != 0) return;
      if (wait[1].revents != 0) serve_udp();
      if (wait[2].revents != 0) serve_tcp();
    }
  }

  std::optional<Message> answer(std::span<const uint8_t> bytes, bool tcp) {
    const auto query = decode(bytes);
    if (!query) return std::nullopt;
    ++queries_;
    return answer_(*query, tcp);
  }

  void serve_udp() {
    Bytes bytes(kLargestMessage);
    KernelAddress from;
    from.size = sizeof from.storage;
    const ssize_t size =
        ::recvfrom(udp_.get(), bytes.data(), bytes.size(), 0, reinterpret_cast<sockaddr*>(&from.storage), &from.size);
    if (size <= 0) return;
    const auto reply = answer(std::span(bytes).first(static_cast<size_t>(size)), false);
    if (!reply) return;
    const Bytes out = encode(*reply, 1232);
    ::sendto(udp_.get(), out.data(), out.size(), 0, from.get(), from.size);
  }

  void serve_tcp() {
    const UniqueFd peer(::accept4(tcp_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    uint8_t length[2];
    if (!peer || ::recv(peer.get(), length, 2, MSG_WAITALL) != 2) return;
    Bytes bytes(static_cast<size_t>(length[0]) << 8 | length[1]);
    if (::recv(peer.get(), bytes.data(), bytes.size(), MSG_WAITALL) != static_cast<ssize_t>(bytes.size())) return;
    const auto reply = answer(bytes, true);
    if (!reply) return;
    const Bytes out = TcpClient::framed(*reply);
    ::send(peer.get(), out.data(), out.size(), MSG_NOSIGNAL);
  }

  Answer answer_;
  UniqueFd udp_, tcp_, stop_;
  SocketAddress address_;
  std::atomic<int> queries_ = 0;
  std::thread thread_;
};

}  // namespace ginnel::dns::test
