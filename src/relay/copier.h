// One direction of a relayed connection: from one socket through a pipe to the other, without a copy to user space.
#pragma once

#include <cstdint>
#include <optional>

#include "base/unique_fd.h"
#include "relay/pipe_pool.h"

namespace ginnel::relay {

// One end of a connection as both directions see it. The flags start true and are cleared when the kernel says
// EAGAIN; an event sets them again (edge-triggered epoll).
struct Side {
  UniqueFd fd;
  bool readable = true, writable = true;
  bool reset = false;  // the peer (or the network) broke the connection: nothing more can be written to it
};

class Copier {
 public:
  explicit Copier(PipePool& pool) : pool_(pool) {}

  // Moves what can be moved now, at most about `budget` bytes. True where more could be moved at once.
  bool run(Side& from, Side& to, size_t budget);

  // The source ended (FIN or reset) and everything before that is with the other socket, or cannot be delivered.
  [[nodiscard]] bool is_done() const { return source_ended_ && held_ == 0; }
  [[nodiscard]] uint64_t bytes() const { return bytes_; }

 private:
  bool fill(Side& from);
  bool drain(Side& to);

  PipePool& pool_;
  std::optional<Pipe> pipe_;
  size_t held_ = 0;  // bytes in the pipe
  bool source_ended_ = false;
  uint64_t bytes_ = 0;  // delivered
};

}  // namespace ginnel::relay
