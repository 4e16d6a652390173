#include "http/unix_client.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "base/unix_socket.h"

namespace ginnel::http {
namespace {

namespace beast = boost::beast;
using SteadyTime = std::chrono::steady_clock::time_point;
using Parser = beast::http::response_parser<beast::http::string_body>;

constexpr uint64_t kLongestBody = 64U << 20;
constexpr size_t kReadBytes = 65536;

Status wait_for(int fd, short events, SteadyTime deadline, const std::string& path) {
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd one{fd, events, 0};
    const int ready = ::poll(&one, 1, static_cast<int>(std::max<int64_t>(0, left.count())));
    if (ready > 0) return {};
    if (ready == 0) return fail_errno("wait for the answer of", path, ETIMEDOUT);
    if (errno != EINTR) return fail_errno("wait for the answer of", path);
  }
}

Status send_all(int fd, std::string_view bytes, SteadyTime deadline, const std::string& path) {
  while (!bytes.empty()) {
    GINNEL_CHECKED(wait_for(fd, POLLOUT, deadline, path));
    const ssize_t n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    // The server may refuse a long request before it has read it all: its answer is there to be read.
    if (n < 0 && (errno == EPIPE || errno == ECONNRESET)) return {};
    if (n < 0) return fail_errno("send to", path);
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return {};
}

// Gives the parser what the buffer holds, as far as it can use it.
Status parse_more(Parser& parser, beast::flat_buffer& buffer, const std::string& path) {
  while (buffer.size() > 0 && !parser.is_done()) {
    boost::system::error_code error;
    const size_t used = parser.put(buffer.data(), error);
    buffer.consume(used);
    if (error == beast::http::error::need_more) return {};
    if (error) return fail("read the answer of", path, error.message());
    if (used == 0) return {};
  }
  return {};
}

Status receive(int fd, Parser& parser, SteadyTime deadline, const std::string& path) {
  beast::flat_buffer buffer;
  while (!parser.is_done()) {
    GINNEL_CHECKED(wait_for(fd, POLLIN, deadline, path));
    const auto space = buffer.prepare(kReadBytes);
    const ssize_t n = ::recv(fd, space.data(), space.size(), MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (n < 0) return fail_errno("read the answer of", path);
    if (n == 0) {
      boost::system::error_code error;
      if (parser.got_some()) parser.put_eof(error);
      if (error || !parser.is_done()) return fail("read the answer of", path, "the connection ended early");
      return {};
    }
    buffer.commit(static_cast<size_t>(n));
    GINNEL_CHECKED(parse_more(parser, buffer, path));
  }
  return {};
}

std::string request_text(const std::string& method, const std::string& target, const std::string& body,
                         const Headers& headers) {
  std::string out = method + " " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
  for (const Header& header : headers) out += header.name + ": " + header.value + "\r\n";
  return out + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace

Result<Response> unix_call(const std::string& socket_path, const std::string& method, const std::string& target,
                           const std::string& body, const Headers& headers, std::chrono::milliseconds patience) {
  const SteadyTime deadline = std::chrono::steady_clock::now() + patience;
  GINNEL_TRY(const UniqueFd fd, connect_unix(socket_path));
  GINNEL_CHECKED(send_all(fd.get(), request_text(method, target, body, headers), deadline, socket_path));
  Parser parser;
  parser.eager(true);
  parser.body_limit(kLongestBody);
  if (method == "HEAD") parser.skip(true);
  GINNEL_CHECKED(receive(fd.get(), parser, deadline, socket_path));
  Response out;
  out.status = parser.get().result_int();
  for (const auto& field : parser.get()) {
    out.headers.push_back(
        {{field.name_string().data(), field.name_string().size()}, {field.value().data(), field.value().size()}});
  }
  out.body = std::move(parser.get().body());
  return out;
}

}  // namespace ginnel::http
