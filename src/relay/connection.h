// One relayed connection: a client's socket, the upstream's, and a copier each way. On the loop's thread.
//
// A FIN is passed on as a FIN when all before it is delivered, and the other direction goes on. A reset is passed on
// as a reset, after the bytes before it. Where the upstream cannot be reached, the client gets a reset.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>

#include "relay/copier.h"
#include "relay/event_loop.h"
#include "relay/resolver.h"
#include "relay/service.h"
#include "relay/sockets.h"

namespace ginnel::relay {

class Connection;

// What connections need of the relay; outlives them.
struct ConnectionHost {
  EventLoop& loop;
  PipePool& pipes;
  Resolver& resolver;
  const RelayLimits& limits;
  std::function<bool(const SocketAddress&)> is_own_listener;
  std::function<void(Connection&)> on_end;  // the connection is closed; drop it
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(ConnectionHost& host, std::shared_ptr<Service> service, UniqueFd client);
  // Once. May call on_end before it returns.
  void start();
  // Resets both sides and ends.
  void abort();
  [[nodiscard]] SteadyTime last_active() const { return last_active_; }
  [[nodiscard]] const std::shared_ptr<Service>& service() const { return service_; }

 private:
  // Tells the connection which of its sockets has events.
  struct End final : EventSource, Side {
    explicit End(Connection& the_owner) : owner(the_owner) {}
    void on_events(uint32_t events) override;
    Connection& owner;
  };
  enum class State { resolving, connecting, open, aborting, ended };

  void on_events(End& end, uint32_t events);
  bool enter(End& end);
  void set_timer(std::chrono::milliseconds delay, void (Connection::*then)());
  void clear_timer();

  void try_addresses(Resolver::Answer answer);
  void try_next();
  void on_connect_decided();
  void give_up(const std::string& why);

  void pump();
  void pump_later();
  void count_bytes();
  static void pass_on_fin(const Copier& copier, const End& to, bool& shut);
  void begin_abort(End& to);
  void check_abort();
  void end();

  ConnectionHost& host_;
  std::shared_ptr<Service> service_;
  State state_ = State::resolving;
  End client_, upstream_;
  Copier up_, down_;
  bool up_shut_ = false, down_shut_ = false;  // the FIN is passed on
  bool pump_waits_ = false;
  uint64_t counted_up_ = 0, counted_down_ = 0;
  std::deque<SocketAddress> addresses_;  // still to be tried
  SocketAddress trying_;
  std::string last_failure_;
  SteadyTime deadline_;  // of connecting, or of the abort
  End* abort_to_ = nullptr;
  std::optional<EventLoop::Timer> timer_;
  SteadyTime last_active_;
};

}  // namespace ginnel::relay
