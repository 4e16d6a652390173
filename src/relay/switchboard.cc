#include "relay/switchboard.h"

#include <sys/socket.h>

#include <algorithm>

namespace ginnel::relay {
namespace {

constexpr std::chrono::milliseconds kAcceptPause{50};
constexpr int kAcceptsInARow = 64;

Status check_services(const std::vector<plan::RelayService>& services) {
  std::set<uint16_t> ports;
  for (const plan::RelayService& service : services) {
    const char* wrong = nullptr;
    if (service.listen_port == 0) wrong = "its port is 0";
    if (service.upstream_port == 0) wrong = "the port of its upstream is 0";
    if (service.upstream_host.empty()) wrong = "it has no upstream";
    if (!ports.insert(service.listen_port).second) wrong = "another service has the same port";
    if (wrong) return fail("relay service", "\"" + service.name + "\"", wrong);
  }
  return {};
}

bool is_shortage(int code) { return code == EMFILE || code == ENFILE || code == ENOBUFS || code == ENOMEM; }

}  // namespace

struct Switchboard::Listener final : EventSource, std::enable_shared_from_this<Listener> {
  Listener(Switchboard& the_board, SocketAddress the_address, plan::RelayService spec)
      : board(the_board), address(the_address), service(std::make_shared<Service>()) {
    service->spec = std::move(spec);
  }
  void on_events(uint32_t) override { board.on_connectable(*this); }

  Switchboard& board;
  SocketAddress address;
  std::shared_ptr<Service> service;
  UniqueFd fd;        // none where it could not listen
  std::string error;  // why
};

Switchboard::Switchboard(EventLoop& loop, RelayLimits limits, Log& log)
    : loop_(loop),
      limits_(limits),
      log_(log),
      resolver_(loop),
      host_{loop_,
            pipes_,
            resolver_,
            limits_,
            [this](const SocketAddress& address) { return listeners_.count(address) > 0; },
            [this](Connection& connection) { on_end(connection); }} {
  watch_idle();
}

Switchboard::~Switchboard() {
  when_empty_ = nullptr;
  loop_.cancel(idle_timer_);
  for (const auto& [address, listener] : listeners_) close(*listener, false);
  while (!connections_.empty()) connections_.begin()->second->abort();
}

void Switchboard::open(const SocketAddress& address, plan::RelayService spec) {
  auto& listener = listeners_[address];
  if (!listener) listener = std::make_shared<Listener>(*this, address, std::move(spec));
  Result<UniqueFd> fd = listen_tcp(address);
  Status added = fd ? loop_.add(fd->get(), EPOLLIN, *listener) : tl::unexpected(fd.error());
  if (!added) {
    listener->error = added.error().text();
    log_.error("service {}: {}", listener->service->spec.name, listener->error);
    return;
  }
  listener->fd = std::move(*fd);
  listener->error.clear();
  log_.info("service {}: {} to {}:{}", listener->service->spec.name, address.to_string(),
            listener->service->spec.upstream_host, listener->service->spec.upstream_port);
}

void Switchboard::close(Listener& listener, bool close_connections) {
  if (listener.fd) loop_.remove(listener.fd.get());
  listener.fd.reset();
  loop_.bury(listener.shared_from_this());
  if (!close_connections) return;
  std::vector<std::shared_ptr<Connection>> doomed;
  for (const auto& [key, connection] : connections_) {
    if (connection->service() == listener.service) doomed.push_back(connection);
  }
  for (const auto& connection : doomed) connection->abort();
}

Status Switchboard::set_services(const IpAddress& address, const std::vector<plan::RelayService>& services,
                                 bool close_removed) {
  GINNEL_CHECKED(check_services(services));
  std::map<SocketAddress, const plan::RelayService*> wanted;
  for (const plan::RelayService& service : services) wanted[{address, service.listen_port}] = &service;
  for (auto it = listeners_.begin(); it != listeners_.end();) {
    if (wanted.count(it->first) > 0) {
      ++it;
      continue;
    }
    log_.info("service {}: ends at {}", it->second->service->spec.name, it->first.to_string());
    close(*it->second, close_removed);
    it = listeners_.erase(it);
  }
  for (const auto& [where, service] : wanted) {
    const auto found = listeners_.find(where);
    if (found != listeners_.end()) found->second->service->spec = *service;
    if (found == listeners_.end() || !found->second->fd) open(where, *service);
  }
  return {};
}

RelayStatus Switchboard::status() const {
  RelayStatus out;
  out.connections = connections_.size();
  out.most_connections = limits_.connections;
  for (const auto& [address, listener] : listeners_) {
    out.services.push_back({*listener->service, address.address, static_cast<bool>(listener->fd), listener->error});
  }
  return out;
}

void Switchboard::retire(std::function<void()> then) {
  when_empty_ = std::move(then);
  for (const auto& [address, listener] : listeners_) close(*listener, false);
  listeners_.clear();
  if (connections_.empty()) when_empty_();
}

void Switchboard::on_connectable(Listener& listener) {
  for (int i = 0; i < kAcceptsInARow && listener.fd; ++i) {
    UniqueFd client(::accept4(listener.fd.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!client) {
      if (!is_shortage(errno)) return;  // nobody waits, or the client is gone already
      log_.warning("service {}: accept: out of file descriptors or memory", listener.service->spec.name);
      loop_.change(listener.fd.get(), 0, listener);
      loop_.after(kAcceptPause, [this, weak = listener.weak_from_this()] {
        const auto self = weak.lock();
        if (self && self->fd) loop_.change(self->fd.get(), EPOLLIN, *self);
      });
      return;
    }
    if (connections_.size() >= limits_.connections) {
      ++listener.service->refused;
      close_with_reset(std::move(client));
      continue;
    }
    const auto connection = std::make_shared<Connection>(host_, listener.service, std::move(client));
    connections_.emplace(connection.get(), connection);
    connection->start();
  }
}

void Switchboard::on_end(Connection& connection) {
  const auto found = connections_.find(&connection);
  loop_.bury(found->second);
  connections_.erase(found);
  if (connections_.empty() && when_empty_) when_empty_();
}

void Switchboard::watch_idle() {
  const auto step = std::clamp<std::chrono::milliseconds>(limits_.idle_timeout / 8, std::chrono::milliseconds(5),
                                                          std::chrono::seconds(30));
  idle_timer_ = loop_.after(step, [this] {
    std::vector<std::shared_ptr<Connection>> idle;
    for (const auto& [key, connection] : connections_) {
      if (loop_.now() - connection->last_active() >= limits_.idle_timeout) idle.push_back(connection);
    }
    for (const auto& connection : idle) connection->abort();
    watch_idle();
  });
}

}  // namespace ginnel::relay
