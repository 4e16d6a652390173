// Askers for the resolver's tests. Everything is on the loopback.
#pragma once

#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstring>
#include <optional>
#include <string>

#include "base/unique_fd.h"
#include "dns/listening_socket.h"
#include "dns/message.h"
#include "dns/test_region.h"

namespace ginnel::dns::test {

inline constexpr int kDeadlineMs = 30000;

// Moves the process into a network namespace of its own that has nothing but a loopback; false: that is not allowed
// here. Before there are threads.
inline bool leave_the_network() {
  if (::unshare(CLONE_NEWNET) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return false;
  const UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  return ::ioctl(fd.get(), SIOCSIFFLAGS, &request) == 0;
}

inline bool wait_readable(int fd, int deadline_ms = kDeadlineMs) {
  pollfd wait{fd, POLLIN, 0};
  return ::poll(&wait, 1, deadline_ms) == 1;
}

// One asker by UDP, with its own port.
class UdpClient {
 public:
  UdpClient(const SocketAddress& server, const std::string& from) {
    auto socket = bind_socket({ip(from), 0}, SOCK_DGRAM);
    if (!socket) return;
    const auto to = to_kernel(server);
    if (::connect(socket->fd.get(), to.get(), to.size) == 0) fd_ = std::move(socket->fd);
  }
  void send(const Bytes& query) { EXPECT_EQ(::send(fd_.get(), query.data(), query.size(), 0), ssize_t(query.size())); }
  void send(const Message& query) { send(encode(query)); }
  // Nothing: none came in time.
  std::optional<Message> receive() {
    if (!wait_readable(fd_.get())) return std::nullopt;
    Bytes answer(kLargestMessage);
    const ssize_t size = ::recv(fd_.get(), answer.data(), answer.size(), 0);
    if (size < 0) return std::nullopt;
    answer.resize(static_cast<size_t>(size));
    last_size_ = answer.size();
    auto message = decode(answer);
    EXPECT_TRUE(message);
    return message ? std::optional(std::move(*message)) : std::nullopt;
  }
  std::optional<Message> ask(const Message& query) {
    send(query);
    return receive();
  }
  [[nodiscard]] bool has_answer() const { return wait_readable(fd_.get(), 0); }
  [[nodiscard]] size_t last_size() const { return last_size_; }

 private:
  UniqueFd fd_;
  size_t last_size_ = 0;
};

// A TCP connection; lengths are written and read.
class TcpClient {
 public:
  TcpClient(const SocketAddress& server, const std::string& from) {
    auto socket = bind_socket({ip(from), 0}, SOCK_STREAM);
    if (!socket) return;
    const auto to = to_kernel(server);
    fd_ = std::move(socket->fd);
    if (::connect(fd_.get(), to.get(), to.size) == 0) return;
    pollfd wait{fd_.get(), POLLOUT, 0};
    ::poll(&wait, 1, kDeadlineMs);
  }
  // Whole, or as much as the peer takes before it closes.
  bool send_raw(const Bytes& bytes) {
    for (size_t done = 0; done < bytes.size();) {
      const ssize_t sent = ::send(fd_.get(), bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
      if (sent > 0) {
        done += static_cast<size_t>(sent);
        continue;
      }
      pollfd wait{fd_.get(), POLLOUT, 0};
      if (errno != EAGAIN || ::poll(&wait, 1, kDeadlineMs) != 1) return false;
    }
    return true;
  }
  static Bytes framed(const Message& query) {
    Bytes bytes = encode(query);
    const auto size = static_cast<uint16_t>(bytes.size());
    bytes.insert(bytes.begin(), {static_cast<uint8_t>(size >> 8), static_cast<uint8_t>(size)});
    return bytes;
  }
  bool send(const Message& query) { return send_raw(framed(query)); }
  void end_sending() { ::shutdown(fd_.get(), SHUT_WR); }
  // Nothing: the connection ended, or nothing came in time.
  std::optional<Message> receive() {
    uint8_t length[2];
    if (!read_exactly(length, 2)) return std::nullopt;
    Bytes bytes(static_cast<size_t>(length[0]) << 8 | length[1]);
    if (!read_exactly(bytes.data(), bytes.size())) return std::nullopt;
    auto message = decode(bytes);
    return message ? std::optional(std::move(*message)) : std::nullopt;
  }
  std::optional<Message> ask(const Message& query) { return send(query) ? receive() : std::nullopt; }
  // Whether the server closes, without another answer, within the deadline.
  bool closes() {
    uint8_t byte = 0;
    return wait_readable(fd_.get()) && ::recv(fd_.get(), &byte, 1, 0) <= 0;
  }

 private:
  bool read_exactly(uint8_t* to, size_t count) {
    for (size_t done = 0; done < count;) {
      if (!wait_readable(fd_.get())) return false;
      const ssize_t got = ::recv(fd_.get(), to + done, count - done, 0);
      if (got <= 0) return false;
      done += static_cast<size_t>(got);
    }
    return true;
  }
  UniqueFd fd_;
};

}  // namespace ginnel::dns::test
