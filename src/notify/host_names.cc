#include "notify/host_names.h"

#include <netdb.h>
#include <sys/socket.h>

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstring>
#include <mutex>
#include <optional>
#include <thread>

#include "base/ip.h"

namespace ginnel::notify {

namespace net = boost::asio;
using net::ip::tcp;

namespace {

Result<Endpoints> ask_host(const std::string& host, uint16_t port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (const int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &list); code != 0) {
    return fail("resolve", host, ::gai_strerror(code));
  }
  Endpoints out;
  for (const addrinfo* one = list; one; one = one->ai_next) {
    tcp::endpoint endpoint;
    if (one->ai_addrlen > endpoint.capacity()) continue;
    std::memcpy(endpoint.data(), one->ai_addr, one->ai_addrlen);
    endpoint.resize(one->ai_addrlen);
    endpoint.port(port);
    out.push_back(endpoint);
  }
  ::freeaddrinfo(list);
  if (out.empty()) return fail("resolve", host, "no address");
  return out;
}

Endpoints endpoint_of(const IpAddress& address, uint16_t port) {
  if (address.is_v4()) return {{net::ip::address_v4(address.v4()), port}};
  return {{net::ip::address_v6(address.bytes()), port}};
}

}  // namespace

// Shared with the thread, which is detached: it may hang in getaddrinfo long after the asker is gone.
struct HostName::State {
  std::mutex mutex;
  net::io_context* io = nullptr;  // nullptr once the asker is gone
  bool asking = false;
  net::steady_timer* waiting = nullptr;  // of the question that is waited for
  std::optional<Result<Endpoints>> answer;
};

HostName::HostName(net::io_context& io, std::string host, uint16_t port)
    : io_(io), host_(std::move(host)), port_(port), state_(std::make_shared<State>()) {
  state_->io = &io;
}

HostName::~HostName() {
  const std::lock_guard lock(state_->mutex);
  state_->io = nullptr;
  state_->waiting = nullptr;
}

net::awaitable<Result<Endpoints>> HostName::resolve(std::chrono::milliseconds patience) {
  if (const auto address = IpAddress::parse(host_)) co_return endpoint_of(*address, port_);
  net::steady_timer timer(io_);
  timer.expires_after(patience);
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->asking) co_return fail("resolve", host_, "the host's resolver does not answer");
    state_->asking = true;
    state_->answer.reset();
    state_->waiting = &timer;
  }
  std::thread([state = state_, host = host_, port = port_] {
    auto answer = ask_host(host, port);
    const std::lock_guard lock(state->mutex);
    state->asking = false;
    state->answer = std::move(answer);
    if (!state->io) return;
    net::post(*state->io, [state] {
      if (state->waiting) state->waiting->cancel();
    });
  }).detach();
  boost::system::error_code ignored;
  co_await timer.async_wait(net::redirect_error(net::use_awaitable, ignored));
  const std::lock_guard lock(state_->mutex);
  state_->waiting = nullptr;
  if (!state_->answer) co_return fail("resolve", host_, "the host's resolver does not answer");
  co_return std::move(*state_->answer);
}

}  // namespace ginnel::notify
