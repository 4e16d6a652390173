// For the tests: a plain blocking client that writes any bytes and reads what comes back.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>

#include "base/unique_fd.h"
#include "http/message.h"

namespace ginnel::http {

inline constexpr int kTestDeadline_s = 20;

// Reads up to `size` bytes into `out`: the count, 0 at the end, < 0 on failure or after the deadline.
using ReadSome = std::function<ssize_t(char* out, size_t size)>;

inline bool eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(kTestDeadline_s);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

inline UniqueFd connect_loopback(uint16_t port) {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  timeval deadline{kTestDeadline_s, 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline);
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &deadline, sizeof deadline);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return {};
  return fd;
}

// Takes responses apart, as many as come over one connection.
class ResponseReader {
 public:
  explicit ResponseReader(ReadSome read) : read_(std::move(read)) {}

  // Status 0 where the connection ended or failed before a whole response.
  Response next(bool to_head = false) {
    Response out;
    out.status = 0;
    size_t end = 0;
    while ((end = bytes_.find("\r\n\r\n")) == std::string::npos) {
      if (!more()) return out;
    }
    const std::string head = bytes_.substr(0, end + 2);
    bytes_.erase(0, end + 4);
    size_t line = head.find("\r\n");
    const unsigned status = static_cast<unsigned>(std::atoi(head.c_str() + sizeof("HTTP/1.1")));
    for (size_t start = line + 2; start < head.size(); start = line + 2) {
      line = head.find("\r\n", start);
      const size_t colon = head.find(": ", start);
      out.headers.push_back({head.substr(start, colon - start), head.substr(colon + 2, line - colon - 2)});
    }
    const std::string* length = find_header(out.headers, "Content-Length");
    const size_t size = length && !to_head ? std::strtoul(length->c_str(), nullptr, 10) : 0;
    while (bytes_.size() < size) {
      if (!more()) return out;
    }
    out.body = bytes_.substr(0, size);
    bytes_.erase(0, size);
    out.status = status;
    return out;
  }

  // Whether the server closes the connection with nothing more said.
  bool ends() { return bytes_.empty() && !more() && bytes_.empty() && last_ == 0; }

 private:
  bool more() {
    char chunk[16384];
    last_ = read_(chunk, sizeof chunk);
    if (last_ > 0) bytes_.append(chunk, static_cast<size_t>(last_));
    return last_ > 0;
  }

  ReadSome read_;
  std::string bytes_;
  ssize_t last_ = 1;
};

class PlainClient {
 public:
  explicit PlainClient(uint16_t port)
      : fd_(connect_loopback(port)),
        reader_([this](char* out, size_t size) { return ::recv(fd_.get(), out, size, 0); }) {}

  bool send(const std::string& bytes) {
    for (size_t sent = 0; sent < bytes.size();) {
      const ssize_t n = ::send(fd_.get(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (n <= 0) return false;
      sent += static_cast<size_t>(n);
    }
    return true;
  }
  Response ask(const std::string& bytes) {
    send(bytes);
    return reader_.next();
  }
  // Something came, or the server closed.
  bool readable_within(std::chrono::milliseconds patience) {
    pollfd one{fd_.get(), POLLIN, 0};
    return ::poll(&one, 1, static_cast<int>(patience.count())) > 0;
  }
  ResponseReader& reader() { return reader_; }
  [[nodiscard]] bool connected() const { return static_cast<bool>(fd_); }
  void shutdown_send() { ::shutdown(fd_.get(), SHUT_WR); }
  void close() { fd_.reset(); }

 private:
  UniqueFd fd_;
  ResponseReader reader_;
};

}  // namespace ginnel::http
