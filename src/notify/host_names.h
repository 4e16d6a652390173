// Host names to addresses by the host's own resolver (getaddrinfo), which blocks: each question in a thread of its own,
// so that a name that hangs holds up no other. Internal to this module.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace ginnel::notify {

using Endpoints = std::vector<boost::asio::ip::tcp::endpoint>;

// Asks for one host, one question at a time. Used in the thread of the io_context, which must outlive it.
class HostName {
 public:
  HostName(boost::asio::io_context& io, std::string host, uint16_t port);
  ~HostName();
  HostName(const HostName&) = delete;
  HostName& operator=(const HostName&) = delete;

  // Never empty. An Error after `patience`; the question may then still be under way, and is not asked again until the
  // host's resolver has given up on it.
  boost::asio::awaitable<Result<Endpoints>> resolve(std::chrono::milliseconds patience);

 private:
  struct State;
  boost::asio::io_context& io_;
  const std::string host_;
  const uint16_t port_;
  std::shared_ptr<State> state_;
};

}  // namespace ginnel::notify
