// The control socket of a relay: reads commands, applies them to the switchboard, replies. On the loop's thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "relay/event_loop.h"
#include "relay/switchboard.h"

namespace ginnel::relay {

class ControlServer {
 public:
  // `listener` is a listening unix socket; only processes that its file mode lets in can command. `on_stop` is called
  // for "stop", and for "retire" once the last connection is gone. All must outlive it.
  static Result<std::unique_ptr<ControlServer>> start(EventLoop& loop, Switchboard& board, UniqueFd listener,
                                                      std::function<void()> on_retire, std::function<void()> on_stop);
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

 private:
  struct Acceptor;
  struct Peer;

  ControlServer(EventLoop& loop, Switchboard& board, std::function<void()> on_retire, std::function<void()> on_stop)
      : loop_(loop), board_(board), on_retire_(std::move(on_retire)), on_stop_(std::move(on_stop)) {}
  void accept(int listener);
  void close_acceptor();
  void drop(Peer& peer);
  [[nodiscard]] Reply handle(std::string_view line);

  EventLoop& loop_;
  Switchboard& board_;
  std::function<void()> on_retire_, on_stop_;
  std::shared_ptr<Acceptor> acceptor_;
  std::map<Peer*, std::shared_ptr<Peer>> peers_;
};

}  // namespace ginnel::relay
