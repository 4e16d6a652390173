#include "http/shared.h"

namespace ginnel::http {

bool Registry::enter(Connection* connection, size_t limit) {
  const std::lock_guard lock(mutex_);
  if (stopping_.load() || connections_.size() >= limit) return false;
  connections_.insert(connection);
  return true;
}

void Registry::leave(Connection* connection) {
  const std::lock_guard lock(mutex_);
  connections_.erase(connection);
  if (connections_.empty()) empty_.notify_all();
}

size_t Registry::size() const {
  const std::lock_guard lock(mutex_);
  return connections_.size();
}

void Registry::drain(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  stopping_.store(true);
  for (Connection* connection : connections_) connection->close_when_idle();
  const auto is_empty = [this] { return connections_.empty(); };
  if (empty_.wait_for(lock, patience, is_empty)) return;
  for (Connection* connection : connections_) connection->close_now();
  empty_.wait(lock, is_empty);
}

}  // namespace ginnel::http
