// What all connections of one server share. Internal to this module.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <unordered_set>

#include "http/server.h"

namespace ginnel::http {

// Thread-safe; each call is handed to the connection's own executor.
class Connection {
 public:
  virtual ~Connection() = default;
  virtual void close_when_idle() = 0;
  virtual void close_now() = 0;
};

struct Counters {
  std::atomic<uint64_t> accepted{0}, refused{0}, requests{0}, malformed{0}, timeouts{0};
};

// The connections that live. A connection is entered before it runs and leaves as its last act.
class Registry {
 public:
  // False where the server stops or `limit` connections live.
  bool enter(Connection* connection, size_t limit);
  void leave(Connection* connection);
  [[nodiscard]] size_t size() const;
  [[nodiscard]] bool stopping() const { return stopping_.load(); }
  // Lets nobody in any more, and closes: idle ones at once, the others when answered, all when `patience` is over.
  void drain(std::chrono::milliseconds patience);

 private:
  mutable std::mutex mutex_;
  std::condition_variable empty_;
  std::unordered_set<Connection*> connections_;
  std::atomic<bool> stopping_{false};
};

struct Shared {
  Limits limits;
  Handler handler;
  const Clock& clock;
  Log& log;
  Counters counters{};
  Registry registry{};
};

}  // namespace ginnel::http
