// Queries by TCP (RFC 1035 section 4.2.2, RFC 7766): several to a connection, answered in any order.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <map>
#include <memory>

#include "dns/responder.h"
#include "dns/socket_address.h"

namespace ginnel::dns {

struct TcpLimits {
  std::chrono::milliseconds idle{10000};  // a connection on which nothing moves for so long is closed
  size_t connections = 512;               // in all; more are closed at once
  size_t connections_each = 32;           // of one asker
  size_t in_flight = 64;                  // queries of one connection; more are not read until some are answered
};

class TcpListener {
 public:
  // Binds; port 0 takes any. Accepts from start() on, in the context's thread. The responder must outlive it.
  static Result<std::unique_ptr<TcpListener>> open(boost::asio::io_context& io, const SocketAddress& address,
                                                   Responder& responder, const TcpLimits& limits);
  void start() { accept(); }
  [[nodiscard]] const SocketAddress& address() const { return address_; }

 private:
  class Connection;
  // How many connections there are; shared with them, as they end later than the listener may.
  struct Census {
    size_t all = 0;
    std::map<IpAddress, size_t> by_source;
  };

  TcpListener(boost::asio::io_context& io, const SocketAddress& address, Responder& responder, const TcpLimits& limits);
  void accept();
  void take(boost::asio::ip::tcp::socket socket);
  void rest();

  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer rest_;  // after an accept that failed for want of descriptors
  SocketAddress address_;
  Responder& responder_;
  const TcpLimits limits_;
  std::shared_ptr<Census> census_ = std::make_shared<Census>();
};

}  // namespace ginnel::dns
