#include "notify/post.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>

#include "base/ip.h"

namespace ginnel::notify {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

namespace {

constexpr uint64_t kLongestAnswer = 1U << 20;  // bytes; the body is not used

std::string text_of(const boost::system::error_code& error) {
  return error == beast::error::timeout ? "timed out" : error.message();
}

http::request<http::string_body> request_of(Post what) {
  http::request<http::string_body> out(http::verb::post, what.target, 11);
  out.set(http::field::host, what.authority);
  for (const auto& [name, value] : what.headers) out.set(name, value);
  out.set(http::field::connection, "close");
  out.body() = std::move(what.body);
  out.prepare_payload();
  return out;
}

template <typename Stream>
net::awaitable<Result<unsigned>> exchange(Stream& stream, const std::string& host,
                                          const http::request<http::string_body>& request) {
  boost::system::error_code error;
  co_await http::async_write(stream, request, net::redirect_error(net::use_awaitable, error));
  if (error) co_return fail("post to", host, text_of(error));
  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(kLongestAnswer);
  // The head decides; a body that does not end, or is too long, changes nothing.
  co_await http::async_read_header(stream, buffer, parser, net::redirect_error(net::use_awaitable, error));
  if (error) co_return fail("post to", host, text_of(error));
  co_return parser.get().result_int();
}

}  // namespace

net::awaitable<Result<unsigned>> post(Endpoints endpoints, Post what, net::ssl::context* tls,
                                      std::chrono::milliseconds patience) {
  const std::string host = what.host;
  const auto request = request_of(std::move(what));
  boost::system::error_code error;
  beast::tcp_stream socket(co_await net::this_coro::executor);
  socket.expires_after(patience);
  co_await socket.async_connect(endpoints, net::redirect_error(net::use_awaitable, error));
  if (error) co_return fail("connect to", host, text_of(error));
  if (!tls) co_return co_await exchange(socket, host, request);

  beast::ssl_stream<beast::tcp_stream> secure(std::move(socket), *tls);
  secure.set_verify_mode(net::ssl::verify_peer);
  secure.set_verify_callback(net::ssl::host_name_verification(host));
  // RFC 6066 section 3: no addresses in the server name.
  if (!IpAddress::parse(host)) SSL_set_tlsext_host_name(secure.native_handle(), host.c_str());
  co_await secure.async_handshake(net::ssl::stream_base::client, net::redirect_error(net::use_awaitable, error));
  if (error) co_return fail("greet by TLS", host, text_of(error));
  co_return co_await exchange(secure, host, request);
}

}  // namespace ginnel::notify
