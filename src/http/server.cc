#include "http/server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/strand.hpp>
#include <thread>
#include <vector>

#include "base/unix_socket.h"
#include "http/session.h"
#include "http/tls_context.h"

namespace ginnel::http {
namespace {

using net::ip::tcp;
using UnixProtocol = net::local::stream_protocol;
using ContextPtr = std::shared_ptr<net::ssl::context>;

constexpr std::chrono::milliseconds kAcceptPause{50};

net::ip::address to_asio(const IpAddress& address) {
  if (address.is_v4()) return net::ip::address_v4(address.v4());
  return net::ip::address_v6(address.bytes());
}

Socket from_asio(const tcp::endpoint& endpoint) {
  const net::ip::address address = endpoint.address();
  return {address.is_v4() ? IpAddress::from_v4(address.to_v4().to_uint()) : IpAddress(address.to_v6().to_bytes()),
          endpoint.port()};
}

std::string text_of(const IpAddress& address, uint16_t port) {
  return fmt::format(fmt::runtime(address.is_v4() ? "{}:{}" : "[{}]:{}"), address.to_string(), port);
}

Request origin_of(tcp::socket& socket) {
  boost::system::error_code ignored;  // of a client that is gone already; its first read fails
  Request origin;
  origin.peer = from_asio(socket.remote_endpoint(ignored));
  origin.local = from_asio(socket.local_endpoint(ignored));
  socket.set_option(tcp::no_delay(true), ignored);
  socket.set_option(net::socket_base::keep_alive(true), ignored);
  return origin;
}

Request origin_of(UnixProtocol::socket& socket) {
  Request origin;
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0) {
    origin.unix_peer = UnixPeer{peer.pid, peer.uid, peer.gid};
  }
  return origin;
}

bool is_loopback(const IpAddress& address) {
  if (address.is_v4()) return address.v4() >> 24 == 127;
  return to_asio(address).to_v6().is_loopback();
}

}  // namespace

Status check_plain_address(const IpAddress& address) {
  if (is_loopback(address)) return {};
  return fail("listen without TLS on", address.to_string(), "only a loopback address may have a plain listener");
}

class Server::Impl {
 public:
  Impl(ServerOptions options, Handler handler, const Clock& clock, Log& log)
      : shared_{options.limits, std::move(handler), clock, log}, work_(net::make_work_guard(io_)) {
    for (unsigned i = 0; i < std::max(1U, options.threads); ++i) {
      threads_.emplace_back([this] { io_.run(); });
    }
  }

  Status set_certificate(const tls::Certificate& certificate) {
    GINNEL_TRY(ContextPtr context, make_server_context(certificate));
    const std::lock_guard lock(mutex_);
    context_ = std::move(context);
    return {};
  }

  Result<Socket> listen(const Listener& listener);
  Status listen_unix(const std::string& path);
  void close_listener(const Socket& socket);
  void stop(std::chrono::milliseconds patience);
  [[nodiscard]] ServerCounters counters() const;

 private:
  using TcpAcceptor = std::shared_ptr<tcp::acceptor>;
  using UnixAcceptor = std::shared_ptr<UnixProtocol::acceptor>;

  ContextPtr context() {
    const std::lock_guard lock(mutex_);
    return context_;
  }
  template <typename Acceptor, typename Start>
  net::awaitable<void> accept_loop(Acceptor acceptor, Start start);
  template <typename Acceptor, typename Start>
  void spawn_accept(Acceptor acceptor, Start start);
  template <typename Stream>
  void launch(Stream stream, Request origin, std::shared_ptr<void> keep_alive);
  void log_exception(const char* what, const std::exception_ptr& failure);
  void start_tcp(tcp::socket socket, bool tls);
  template <typename Acceptor>
  static void close(const Acceptor& acceptor) {
    net::post(acceptor->get_executor(), [acceptor] {
      boost::system::error_code ignored;
      acceptor->close(ignored);
    });
  }

  Shared shared_;
  net::io_context io_;
  net::executor_work_guard<net::io_context::executor_type> work_;
  std::mutex mutex_;  // guards what follows up to threads_
  ContextPtr context_;
  bool stopped_ = false;
  std::vector<std::pair<Socket, TcpAcceptor>> tcp_acceptors_;
  std::vector<std::pair<std::string, UnixAcceptor>> unix_acceptors_;
  std::vector<std::thread> threads_;
};

// Spawned by the acceptor's executor; ends when the acceptor is closed.
template <typename Acceptor, typename Start>
net::awaitable<void> Server::Impl::accept_loop(Acceptor acceptor, Start start) {
  while (acceptor->is_open()) {
    boost::system::error_code error;
    auto socket = co_await acceptor->async_accept(net::any_io_executor(net::make_strand(io_)),
                                                  net::redirect_error(net::use_awaitable, error));
    if (!error) {
      start(std::move(socket));
    } else if (acceptor->is_open() && error != net::error::connection_aborted) {
      // Out of file descriptors or memory: it passes, and trying at once would only burn the processor.
      shared_.log.warning("accept: {}", error.message());
      net::steady_timer pause(acceptor->get_executor(), kAcceptPause);
      co_await pause.async_wait(net::redirect_error(net::use_awaitable, error));
    }
  }
}

template <typename Acceptor, typename Start>
void Server::Impl::spawn_accept(Acceptor acceptor, Start start) {
  net::co_spawn(acceptor->get_executor(), accept_loop(acceptor, std::move(start)), [this](std::exception_ptr failure) {
    if (failure) log_exception("accept", failure);
  });
}

template <typename Stream>
void Server::Impl::launch(Stream stream, Request origin, std::shared_ptr<void> keep_alive) {
  const auto executor = beast::get_lowest_layer(stream).get_executor();
  auto session =
      std::make_shared<Session<Stream>>(std::move(stream), std::move(origin), shared_, std::move(keep_alive));
  if (!shared_.registry.enter(session.get(), shared_.limits.connections)) {
    ++shared_.counters.refused;
    return;  // closes the socket
  }
  ++shared_.counters.accepted;
  net::co_spawn(
      executor, [session] { return session->run(); },
      [this, session](std::exception_ptr failure) {
        if (failure) log_exception("connection", failure);
        shared_.registry.leave(session.get());
      });
}

void Server::Impl::log_exception(const char* what, const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& e) {
    shared_.log.error("{}: {}", what, e.what());
  }
}

void Server::Impl::start_tcp(tcp::socket socket, bool tls) {
  Request origin = origin_of(socket);
  if (!tls) return launch(PlainStream(std::move(socket)), std::move(origin), nullptr);
  ContextPtr ssl = context();
  launch(TlsStream(PlainStream(std::move(socket)), *ssl), std::move(origin), ssl);
}

Result<Socket> Server::Impl::listen(const Listener& listener) {
  const std::string text = text_of(listener.address, listener.port);
  if (!listener.tls && !listener.open) GINNEL_CHECKED(check_plain_address(listener.address));
  if (listener.tls && !context()) return fail("listen with TLS on", text, "no certificate is set");
  const tcp::endpoint endpoint(to_asio(listener.address), listener.port);
  const auto acceptor = std::make_shared<tcp::acceptor>(net::make_strand(io_));
  boost::system::error_code error;
  acceptor->open(endpoint.protocol(), error);
  if (!error) acceptor->set_option(net::socket_base::reuse_address(true), error);
  if (!error && !listener.address.is_v4()) acceptor->set_option(net::ip::v6_only(true), error);
  if (!error && listener.freebind) {
    // The option of level IP serves both families.
    acceptor->set_option(net::detail::socket_option::boolean<IPPROTO_IP, IP_FREEBIND>(true), error);
  }
  if (!error) acceptor->bind(endpoint, error);
  if (!error) acceptor->listen(net::socket_base::max_listen_connections, error);
  if (error) return tl::unexpected(Error{"listen on", text, error.message(), error.value()});
  const Socket bound = from_asio(acceptor->local_endpoint(error));
  const std::lock_guard lock(mutex_);
  if (stopped_) return fail("listen on", text, "the server is stopped");
  tcp_acceptors_.emplace_back(bound, acceptor);
  spawn_accept(acceptor, [this, tls = listener.tls](tcp::socket socket) { start_tcp(std::move(socket), tls); });
  return bound;
}

Status Server::Impl::listen_unix(const std::string& path) {
  GINNEL_TRY(UniqueFd fd, ginnel::listen_unix(path, 0600));
  const auto acceptor = std::make_shared<UnixProtocol::acceptor>(net::make_strand(io_));
  boost::system::error_code error;
  acceptor->assign(UnixProtocol(), fd.get(), error);
  if (error) return tl::unexpected(Error{"listen on", path, error.message(), error.value()});
  (void)fd.release();  // the acceptor owns it now
  const std::lock_guard lock(mutex_);
  if (stopped_) return fail("listen on", path, "the server is stopped");
  unix_acceptors_.emplace_back(path, acceptor);
  spawn_accept(acceptor, [this](UnixProtocol::socket socket) {
    Request origin = origin_of(socket);
    launch(UnixStream(std::move(socket)), std::move(origin), nullptr);
  });
  return {};
}

void Server::Impl::close_listener(const Socket& socket) {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(tcp_acceptors_.begin(), tcp_acceptors_.end(),
                                  [&](const auto& entry) { return entry.first == socket; });
  if (found == tcp_acceptors_.end()) return;
  close(found->second);
  tcp_acceptors_.erase(found);
}

void Server::Impl::stop(std::chrono::milliseconds patience) {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(stopped_, true)) return;
    for (const auto& [socket, acceptor] : tcp_acceptors_) close(acceptor);
    for (const auto& [path, acceptor] : unix_acceptors_) {
      ::unlink(path.c_str());
      close(acceptor);
    }
  }
  shared_.registry.drain(patience);
  work_.reset();
  for (std::thread& thread : threads_) thread.join();
}

ServerCounters Server::Impl::counters() const {
  const Counters& now = shared_.counters;
  return {shared_.registry.size(), now.accepted.load(),  now.refused.load(),
          now.requests.load(),     now.malformed.load(), now.timeouts.load()};
}

Server::Server(ServerOptions options, Handler handler, const Clock& clock, Log& log)
    : impl_(std::make_unique<Impl>(options, std::move(handler), clock, log)) {}
Server::~Server() { stop(std::chrono::milliseconds(0)); }

Status Server::set_certificate(const tls::Certificate& certificate) { return impl_->set_certificate(certificate); }
Result<Socket> Server::listen(const Listener& listener) { return impl_->listen(listener); }
void Server::close_listener(const Socket& socket) { impl_->close_listener(socket); }
Status Server::listen_unix(const std::string& path) { return impl_->listen_unix(path); }
void Server::stop(std::chrono::milliseconds patience) { impl_->stop(patience); }
ServerCounters Server::counters() const { return impl_->counters(); }

}  // namespace ginnel::http
