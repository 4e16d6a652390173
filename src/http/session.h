// One connection, from accept to close, as a coroutine on its own strand. Internal to this module.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <memory>

#include "http/request_check.h"
#include "http/serialize.h"
#include "http/shared.h"

namespace ginnel::http {

namespace net = boost::asio;
namespace beast = boost::beast;

using PlainStream = beast::tcp_stream;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;
using UnixStream = beast::basic_stream<net::local::stream_protocol>;

// Everything but the constructor, close_when_idle, close_now and the destructor runs on the stream's executor.
template <typename Stream>
class Session final : public Connection, public std::enable_shared_from_this<Session<Stream>> {
 public:
  static constexpr bool kTls = std::is_same_v<Stream, TlsStream>;

  // `origin` has the peer's and the local address; the rest of it is not used. `keep_alive` is held until the end:
  // the TLS context.
  Session(Stream stream, Request origin, Shared& shared, std::shared_ptr<void> keep_alive)
      : keep_alive_(std::move(keep_alive)),
        stream_(std::move(stream)),
        answered_(stream_.get_executor(), net::steady_timer::time_point::max()),
        origin_(std::move(origin)),
        shared_(shared) {}

  void close_when_idle() override {
    net::post(stream_.get_executor(), [self = this->shared_from_this()] {
      if (self->idle_) self->close_socket();
    });
  }
  void close_now() override {
    net::post(stream_.get_executor(), [self = this->shared_from_this()] {
      self->aborted_ = true;
      self->close_socket();
      self->answered_.cancel();
    });
  }

  net::awaitable<void> run() {
    // g++ 12 makes wrong code of `a && co_await b`: co_await stands alone here.
    bool going_on = co_await handshake();
    while (going_on && !aborted_) going_on = co_await serve_one();
    co_await say_goodbye();
  }

 private:
  using Parser = beast::http::request_parser<beast::http::string_body>;
  static constexpr size_t kReadBytes = 8192;
  static constexpr size_t kDiscardBytes = 32U << 20;
  static constexpr std::chrono::seconds kGoodbye{1};

  auto token() { return net::redirect_error(net::use_awaitable, error_); }
  auto& socket() { return beast::get_lowest_layer(stream_); }
  void close_socket() { socket().close(); }

  // Counts a time-out; the stream has closed the socket then.
  bool failed() {
    if (error_ == beast::error::timeout) ++shared_.counters.timeouts;
    return static_cast<bool>(error_);
  }

  net::awaitable<bool> handshake() {
    if constexpr (kTls) {
      socket().expires_after(shared_.limits.handshake);
      co_await stream_.async_handshake(net::ssl::stream_base::server, token());
      if (failed()) {
        shared_.log.debug("TLS handshake with {}: {}", origin_.peer.address.to_string(), error_.message());
        close_socket();
        co_return false;
      }
    }
    co_return true;
  }

  // Reads a request and answers it. False ends the connection.
  net::awaitable<bool> serve_one() {
    if (!co_await wait_for_request()) co_return false;
    Parser parser;
    parser.header_limit(static_cast<std::uint32_t>(shared_.limits.header_bytes));
    parser.body_limit(shared_.limits.body_bytes);
    if (!co_await read_request(parser)) co_return false;
    const bool head_only = parser.get().method() == beast::http::verb::head;
    const bool old_client = parser.get().version() == 10;
    const bool keep_alive = parser.get().keep_alive();
    if (!co_await call_handler(parser.get())) co_return false;
    WireOptions options{keep_alive && !shared_.registry.stopping(), old_client, head_only, shared_.clock.now()};
    const bool written = co_await write(serialize(std::move(*response_), options));
    response_.reset();
    co_return (written && options.keep_alive);
  }

  net::awaitable<bool> wait_for_request() {
    if (buffer_.size() > 0) co_return true;
    idle_ = true;
    if (shared_.registry.stopping()) co_return false;
    socket().expires_after(shared_.limits.idle);
    const size_t n = co_await stream_.async_read_some(buffer_.prepare(kReadBytes), token());
    buffer_.commit(n);
    idle_ = false;
    co_return !failed();
  }

  net::awaitable<bool> read_request(Parser& parser) {
    socket().expires_after(shared_.limits.header);
    co_await beast::http::async_read_header(stream_, buffer_, parser, token());
    if (error_) co_return co_await refuse_unreadable();
    if (std::optional<Response> refusal = check_request(parser.get())) co_return co_await refuse(std::move(*refusal));
    socket().expires_after(shared_.limits.body);
    if (!parser.is_done() && parser.get().count(beast::http::field::expect) > 0 && parser.get().version() == 11) {
      static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
      co_await net::async_write(stream_, net::buffer(kContinue.data(), kContinue.size()), token());
      if (failed()) co_return false;
    }
    if (!parser.is_done()) co_await beast::http::async_read(stream_, buffer_, parser, token());
    if (error_) co_return co_await refuse_unreadable();
    co_return true;
  }

  net::awaitable<bool> refuse_unreadable() {
    if (failed()) {
      if (std::optional<Response> answer = answer_to_parse_error(error_)) co_return co_await refuse(std::move(*answer));
    }
    co_return false;
  }

  // Answers and reads on for a moment without looking: a close with unread bytes would reset the connection and the
  // client might not see the answer.
  net::awaitable<bool> refuse(Response response) {
    ++shared_.counters.malformed;
    const bool written = co_await write(serialize(std::move(response), {false, false, false, shared_.clock.now()}));
    if (!written) co_return false;
    if constexpr (!kTls) {
      socket().socket().shutdown(net::socket_base::shutdown_send, error_);
    }
    socket().expires_after(kGoodbye);
    for (size_t seen = 0; seen < kDiscardBytes;) {
      buffer_.clear();
      const size_t n = co_await stream_.async_read_some(buffer_.prepare(kReadBytes), token());
      if (error_) break;
      seen += n;
    }
    co_return false;
  }

  // Fills response_. False where the connection was closed meanwhile.
  net::awaitable<bool> call_handler(ParsedRequest& parsed) {
    auto mailbox = std::make_shared<Mailbox>([self = this->shared_from_this()](Response response) {
      net::post(self->stream_.get_executor(), [self, answer = std::move(response)]() mutable {
        self->response_ = std::move(answer);
        self->answered_.cancel();
      });
    });
    Request request = to_request(parsed);
    request.tls = kTls;
    request.peer = origin_.peer;
    request.local = origin_.local;
    request.unix_peer = origin_.unix_peer;
    ++shared_.counters.requests;
    try {
      shared_.handler(std::move(request), Responder(mailbox));
    } catch (const std::exception& e) {
      shared_.log.error("request handler: {}", e.what());  // the responder that went with it has answered 500
    }
    while (!response_ && !aborted_) co_await answered_.async_wait(token());
    mailbox->close();
    co_return (response_ && !aborted_);
  }

  net::awaitable<bool> write(WireResponse wire) {
    socket().expires_after(shared_.limits.write);
    // As one buffer: one TLS record and one segment where it is short.
    wire.head += wire.body;
    co_await net::async_write(stream_, net::buffer(wire.head), token());
    co_return !failed();
  }

  net::awaitable<void> say_goodbye() {
    if constexpr (kTls) {
      if (socket().socket().is_open() && !aborted_) {
        socket().expires_after(kGoodbye);
        co_await stream_.async_shutdown(token());
      }
    }
    close_socket();
  }

  std::shared_ptr<void> keep_alive_;
  Stream stream_;
  net::steady_timer answered_;  // never expires; cancelled when response_ or aborted_ changes
  Request origin_;
  Shared& shared_;
  beast::flat_buffer buffer_;
  boost::system::error_code error_;
  std::optional<Response> response_;
  bool idle_ = false;  // between requests
  bool aborted_ = false;
};

}  // namespace ginnel::http
