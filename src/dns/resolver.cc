#include "dns/resolver.h"

#include <boost/asio/io_context.hpp>
#include <thread>

#include "dns/udp_listener.h"

namespace ginnel::dns {
namespace {

constexpr int kPortTries = 20;

struct Listeners {
  std::unique_ptr<UdpListener> udp;
  std::unique_ptr<TcpListener> tcp;
};

Result<Listeners> open_both(boost::asio::io_context& io, const SocketAddress& address, Responder& responder,
                            const TcpLimits& limits) {
  Listeners out;
  GINNEL_TRY(out.udp, UdpListener::open(io, address, responder));
  GINNEL_TRY(out.tcp, TcpListener::open(io, out.udp->address(), responder, limits));
  return out;
}

// With port 0 UDP chooses, and the port may be taken on TCP's side: then another one.
Result<Listeners> open_listeners(boost::asio::io_context& io, const SocketAddress& address, Responder& responder,
                                 const TcpLimits& limits) {
  for (int tries = 1;; ++tries) {
    auto listeners = open_both(io, address, responder, limits);
    if (listeners || address.port != 0 || listeners.error().code != EADDRINUSE || tries == kPortTries) {
      return listeners;
    }
  }
}

}  // namespace

class Resolver::Server {
 public:
  Server(const Directory& directory, std::unique_ptr<Recursion> recursion, const Options& options, Log& log)
      : recursion_(std::move(recursion)),
        responder_(directory, *recursion_, io_.get_executor(), log, options.most_recursions_each) {}

  ~Server() {
    io_.stop();
    if (thread_.joinable()) thread_.join();
    recursion_.reset();  // posts to io_ until here
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  Status open(const Options& options) {
    for (const auto& address : options.listen) {
      GINNEL_TRY(auto listeners, open_listeners(io_, address, responder_, options.tcp));
      listeners_.push_back(std::move(listeners));
    }
    return {};
  }

  void start() {
    for (auto& listeners : listeners_) {
      listeners.udp->start();
      listeners.tcp->start();
    }
    thread_ = std::thread([this] { io_.run(); });
  }

  [[nodiscard]] std::vector<SocketAddress> addresses() const {
    std::vector<SocketAddress> out;
    for (const auto& listeners : listeners_) out.push_back(listeners.udp->address());
    return out;
  }
  [[nodiscard]] const Statistics& statistics() const { return responder_.statistics(); }

 private:
  std::unique_ptr<Recursion> recursion_;
  boost::asio::io_context io_{1};
  Responder responder_;
  std::vector<Listeners> listeners_;
  std::thread thread_;
};

Resolver::Resolver() = default;
Resolver::~Resolver() = default;

Result<std::unique_ptr<Resolver>> Resolver::start(const Options& options, Log& log) try {
  GINNEL_TRY(auto recursion, Recursion::start(options.recursion, log));
  auto resolver = std::unique_ptr<Resolver>(new Resolver());
  resolver->server_ = std::make_unique<Server>(resolver->directory_, std::move(recursion), options, log);
  GINNEL_CHECKED(resolver->server_->open(options));
  resolver->server_->start();
  return resolver;
} catch (const std::exception& error) {  // of Asio, which throws where descriptors or threads run out
  return fail("start", "resolver", error.what());
}

std::vector<SocketAddress> Resolver::addresses() const { return server_->addresses(); }
const Statistics& Resolver::statistics() const { return server_->statistics(); }

}  // namespace ginnel::dns
