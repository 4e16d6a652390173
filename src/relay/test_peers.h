// For the tests: blocking TCP ends with deadlines, an upstream that hands out its connections, and byte streams that
// can be checked.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/ip.h"
#include "base/unique_fd.h"

namespace ginnel::relay {

inline constexpr int kTestDeadline_s = 30;

inline bool eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(kTestDeadline_s);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

inline sockaddr_in native_v4(const IpAddress& address, uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  out.sin_addr.s_addr = htonl(address.v4());
  return out;
}

inline void set_deadlines(int fd) {
  const timeval deadline{kTestDeadline_s, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &deadline, sizeof deadline);
}

// No file descriptor, and errno, where it is refused.
inline UniqueFd connect_to(const IpAddress& address, uint16_t port) {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  set_deadlines(fd.get());
  const sockaddr_in native = native_v4(address, port);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&native), sizeof native) != 0) return {};
  return fd;
}

inline UniqueFd listen_at(const IpAddress& address, uint16_t port) {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;  // connections of tests before may linger at the address
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const sockaddr_in native = native_v4(address, port);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&native), sizeof native) != 0) return {};
  if (::listen(fd.get(), 1) != 0) return {};
  return fd;
}

inline void reset(UniqueFd fd) {
  const linger at_once{1, 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

inline bool send_text(int fd, std::string_view text) {
  return ::send(fd, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
}

// Exactly `size` bytes, fewer at the end of the stream.
inline std::string receive_text(int fd, size_t size) {
  std::string out(size, '\0');
  const ssize_t n = ::recv(fd, out.data(), size, MSG_WAITALL);
  out.resize(n > 0 ? static_cast<size_t>(n) : 0);
  return out;
}

// How the stream goes on: "data", "end", or the text of the error.
inline std::string next_of(int fd) {
  char byte = 0;
  const ssize_t n = ::recv(fd, &byte, 1, 0);
  if (n > 0) return "data";
  return n == 0 ? "end" : strerrorname_np(errno);
}

// Listens on a loopback address; the test accepts.
class Upstream {
 public:
  explicit Upstream(int backlog = 1024) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    set_deadlines(fd_.get());
    sockaddr_in native = native_v4(IpAddress::from_v4(INADDR_LOOPBACK), 0);
    socklen_t size = sizeof native;
    ::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&native), size);
    ::listen(fd_.get(), backlog);
    ::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&native), &size);
    port_ = ntohs(native.sin_port);
  }
  UniqueFd accept() {
    UniqueFd fd(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (fd) set_deadlines(fd.get());
    return fd;
  }
  [[nodiscard]] uint16_t port() const { return port_; }
  void close() { fd_.reset(); }

 private:
  UniqueFd fd_;
  uint16_t port_ = 0;
};

// The byte at each place of a stream follows from the seed.
inline char stream_byte(uint64_t seed, uint64_t place) {
  return static_cast<char>((place * 131) ^ (place >> 8) ^ (place >> 16) * 7 ^ seed);
}

// Writes `size` bytes in chunks of changing length. False on failure.
inline bool write_stream(int fd, uint64_t seed, size_t size) {
  uint64_t state = seed * 2 + 1;
  std::string chunk;
  for (size_t sent = 0; sent < size;) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    chunk.resize(std::min<size_t>(1 + (state >> 33) % (state & (1U << 20) ? 100U : 200'000U), size - sent));
    for (size_t i = 0; i < chunk.size(); ++i) chunk[i] = stream_byte(seed, sent + i);
    for (size_t at = 0; at < chunk.size();) {
      const ssize_t n = ::send(fd, chunk.data() + at, chunk.size() - at, MSG_NOSIGNAL);
      if (n <= 0) return false;
      at += static_cast<size_t>(n);
    }
    sent += chunk.size();
  }
  return true;
}

// Reads to the end: "" where exactly these bytes came and then the end, else what was wrong.
inline std::string check_stream(int fd, uint64_t seed, size_t size) {
  std::vector<char> chunk(300'000);
  size_t seen = 0;
  while (true) {
    const ssize_t n = ::recv(fd, chunk.data(), chunk.size(), 0);
    if (n < 0) return std::string(strerrorname_np(errno)) + " at " + std::to_string(seen);
    if (n == 0) return seen == size ? "" : "ended at " + std::to_string(seen);
    for (size_t i = 0; i < static_cast<size_t>(n); ++i, ++seen) {
      if (chunk[i] != stream_byte(seed, seen)) return "wrong byte at " + std::to_string(seen);
    }
  }
}

}  // namespace ginnel::relay
