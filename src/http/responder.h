// The way back from a handler: exactly one response for one request, at once or later, from any thread.
#pragma once

#include <functional>
#include <memory>
#include <mutex>

#include "http/message.h"

namespace ginnel::http {

// Between a Responder and the connection that waits. The connection closes it when it goes, so an answer that comes
// too late (client gone, server stopped) is dropped. Safe from any thread.
class Mailbox {
 public:
  using Deliver = std::function<void(Response)>;

  explicit Mailbox(Deliver deliver) : deliver_(std::move(deliver)) {}
  // Calls `deliver` under a lock, so that close() cannot return while it runs; at most once.
  void put(Response response);
  void close();

 private:
  std::mutex mutex_;
  Deliver deliver_;
};

// Move-only. One that goes without an answer answers 500, so no client waits for ever.
class Responder {
 public:
  explicit Responder(std::shared_ptr<Mailbox> mailbox) : mailbox_(std::move(mailbox)) {}
  Responder(Responder&&) noexcept = default;
  Responder& operator=(Responder&& other) noexcept;
  Responder(const Responder&) = delete;
  Responder& operator=(const Responder&) = delete;
  ~Responder();

  // Once. Never blocks on the client: the response is handed to the connection's own thread.
  void send(Response response);

 private:
  std::shared_ptr<Mailbox> mailbox_;
};

}  // namespace ginnel::http
