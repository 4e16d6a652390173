// All services and connections of one relay. On the loop's thread.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/log.h"
#include "relay/connection.h"
#include "relay/protocol.h"

namespace ginnel::relay {

class Switchboard {
 public:
  // `loop` and `log` must outlive it.
  Switchboard(EventLoop& loop, RelayLimits limits, Log& log);
  ~Switchboard();  // resets what is left
  Switchboard(const Switchboard&) = delete;
  Switchboard& operator=(const Switchboard&) = delete;

  // Makes the listeners what is wanted: those that stay are not touched, nor are their connections; a new upstream
  // holds for new connections. Of a service that is gone the connections live on, or are reset where
  // `close_removed`. Services that cannot listen are told in status(); calling again tries again.
  // An error, and no change, where the list makes no sense: a port twice, a port 0, no upstream.
  Status set_services(const IpAddress& address, const std::vector<plan::RelayService>& services, bool close_removed);
  [[nodiscard]] RelayStatus status() const;

  // No more listeners; `then` is called once no connection is left.
  void retire(std::function<void()> then);

 private:
  struct Listener;

  void open(const SocketAddress& address, plan::RelayService spec);
  void close(Listener& listener, bool close_connections);
  void on_connectable(Listener& listener);
  void on_end(Connection& connection);
  void watch_idle();

  EventLoop& loop_;
  RelayLimits limits_;
  Log& log_;
  PipePool pipes_;
  Resolver resolver_;
  ConnectionHost host_;
  std::map<SocketAddress, std::shared_ptr<Listener>> listeners_;
  std::map<Connection*, std::shared_ptr<Connection>> connections_;
  std::function<void()> when_empty_;
  EventLoop::Timer idle_timer_;
};

}  // namespace ginnel::relay
