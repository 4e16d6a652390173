#include "dataplane/net/traffic.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "dataplane/net/sockets.h"
#include "dataplane/netns.h"

namespace ginnel::dataplane {
namespace {

constexpr int kBuffer = 16 << 20;  // for more than a second of datagrams, should the machine be busy elsewhere

sockaddr_in socket_address(const IpAddress& address, uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_addr.s_addr = htonl(address.v4());
  out.sin_port = htons(port);
  return out;
}

UniqueFd udp_socket(const std::string& netns, const IpAddress& address, uint16_t port) {
  const UniqueFd there(open(("/run/netns/" + netns).c_str(), O_RDONLY | O_CLOEXEC));
  UniqueFd out;
  const auto made = in_namespace(there.get(), [&]() -> Status {
    out.reset(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const sockaddr_in own = socket_address(address, port);
    if (!out || bind(out.get(), reinterpret_cast<const sockaddr*>(&own), sizeof own) != 0) {
      return fail_errno("bind to", address.to_string());
    }
    if (setsockopt(out.get(), SOL_SOCKET, SO_RCVBUFFORCE, &kBuffer, sizeof kBuffer) != 0) {
      return fail_errno("enlarge", "receive buffer");
    }
    return {};
  });
  if (!made) throw std::runtime_error(made.error().text());
  return out;
}

// Segments that were sent again because the first did not arrive. A busy machine's sender also repeats some that were
// only late; of these the receiver tells (RFC 2883), and they do not count. Offsets in struct tcp_info, linux/tcp.h.
uint32_t lost_segments(int fd) {
  constexpr size_t kTotalRetransmitted = 100, kReceivedTwice = 216;
  std::array<uint8_t, 224> info{};
  socklen_t length = info.size();
  getsockopt(fd, IPPROTO_TCP, TCP_INFO, info.data(), &length);
  uint32_t again = 0, twice = 0;
  std::memcpy(&again, info.data() + kTotalRetransmitted, sizeof again);
  std::memcpy(&twice, info.data() + kReceivedTwice, sizeof twice);
  return again > twice ? again - twice : 0;
}

// A pace, not a wait for something.
void pause_us(long microseconds) {
  const timespec pause{0, microseconds * 1000};
  nanosleep(&pause, nullptr);
}

}  // namespace

NumberedDatagrams::NumberedDatagrams(const std::string& from, const IpAddress& from_address, const std::string& to,
                                     const IpAddress& to_address, uint16_t port)
    : from_(udp_socket(from, from_address, port)), to_(udp_socket(to, to_address, port)), port_(port) {
  const sockaddr_in far = socket_address(to_address, port);
  if (connect(from_.get(), reinterpret_cast<const sockaddr*>(&far), sizeof far) != 0) {
    throw std::runtime_error("cannot connect a datagram socket");
  }
  sender_ = std::thread([this] { send_all(); });
  receiver_ = std::thread([this] { receive_all(); });
}

void NumberedDatagrams::send_all() {
  while (!ending_) {
    const uint64_t number = sent_;
    if (send(from_.get(), &number, sizeof number, 0) != sizeof number) {
      unsent_ = fmt::format("datagram {} was not sent: errno {}", number, errno);
      return;
    }
    ++sent_;
    pause_us(200);
  }
}

// The way is all inside this machine: what has not come two seconds after the last was sent does not come.
void NumberedDatagrams::receive_all() {
  const timeval limit{0, 100000};
  setsockopt(to_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  for (int silent = 0; !(all_sent_ && received_ == sent_);) {
    uint64_t number = 0;
    if (recv(to_.get(), &number, sizeof number, 0) != sizeof number) {
      if (!all_sent_ || ++silent < 20) continue;
      wrong_ = fmt::format("{} datagrams sent, only {} came", sent_.load(), received_);
      return;
    }
    if (number != received_) {
      wrong_ = fmt::format("datagram {} came after {} of {}", number, received_, sent_.load());
      return;
    }
    ++received_;
  }
}

std::string NumberedDatagrams::end() {
  if (sender_.joinable()) {
    ending_ = true;
    sender_.join();
    all_sent_ = true;
    receiver_.join();
  }
  return unsent_.empty() ? wrong_ : unsent_;
}

NumberedStream::NumberedStream(int from, int to) : from_(from), to_(to) {
  const timeval limit{kDeadline.count(), 0};
  setsockopt(to_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(from_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  fcntl(to_, F_SETFL, fcntl(to_, F_GETFL) & ~O_NONBLOCK);
  fcntl(from_, F_SETFL, fcntl(from_, F_GETFL) & ~O_NONBLOCK);
  sender_ = std::thread([this] { send_all(); });
  receiver_ = std::thread([this] { receive_all(); });
}

void NumberedStream::send_all() {
  std::array<uint64_t, 128> block{};
  for (uint64_t next = 0; !ending_;) {
    for (auto& number : block) number = next++;
    if (send(from_, block.data(), sizeof block, MSG_NOSIGNAL) != sizeof block) break;
    pause_us(200);
  }
  shutdown(from_, SHUT_WR);
}

void NumberedStream::receive_all() {
  uint64_t number = 0;
  ssize_t got = 0;
  while ((got = recv(to_, &number, sizeof number, MSG_WAITALL)) == sizeof number) {
    if (number != received_) {
      wrong_ = fmt::format("number {} in place of {}", number, received_.load());
      return;
    }
    ++received_;
  }
  if (got != 0) wrong_ = fmt::format("the stream broke after {} numbers: errno {}", received_.load(), errno);
}

std::string NumberedStream::end() {
  if (!sender_.joinable()) return wrong_;
  ending_ = true;
  sender_.join();
  receiver_.join();
  if (const uint32_t lost = lost_segments(from_); wrong_.empty() && lost != 0) {
    wrong_ = fmt::format("{} segments were lost", lost);
  }
  return wrong_;
}

NewConnections::NewConnections(const std::string& from, const std::string& to, const IpAddress& address, uint16_t port)
    : from_(from), address_(address), number_(port) {
  auto listener = listen_tcp(to, address, port);
  if (!listener) throw std::runtime_error(listener.error().text());
  listener_ = std::move(*listener);
  thread_ = std::thread([this] { connect_all(); });
}

void NewConnections::connect_all() {
  while (!ending_) {
    const auto client = connect_tcp(from_, address_, number_);
    if (!client) {
      wrong_ = fmt::format("connection {}: {}", made_.load(), client.error().text());
      return;
    }
    const auto server = accept_tcp(listener_.get());
    if (!server) {
      wrong_ = fmt::format("connection {}: {}", made_.load(), server.error().text());
      return;
    }
    for (const auto& [one, other] :
         {std::pair(client->get(), server->get()), std::pair(server->get(), client->get())}) {
      if (const std::string why = exchange(one, other, "x"); !why.empty()) {
        wrong_ = fmt::format("connection {}: {}", made_.load(), why);
        return;
      }
    }
    ++made_;
  }
}

std::string NewConnections::end() {
  if (!thread_.joinable()) return wrong_;
  ending_ = true;
  thread_.join();
  return wrong_;
}

}  // namespace ginnel::dataplane
