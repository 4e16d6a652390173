#include "relay/pipe_pool.h"

#include <fcntl.h>

namespace ginnel::relay {

Result<Pipe> PipePool::take() {
  if (!free_.empty()) {
    Pipe pipe = std::move(free_.back());
    free_.pop_back();
    return pipe;
  }
  int ends[2];
  if (::pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0) return fail_errno("make", "pipe");
  Pipe pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
  // A wish: where the limit of this user is reached, the default size works too, only slower.
  (void)::fcntl(pipe.in.get(), F_SETPIPE_SZ, static_cast<int>(kPipeBytes));
  return pipe;
}

void PipePool::give_back(Pipe pipe) {
  if (free_.size() < kKept) free_.push_back(std::move(pipe));
}

}  // namespace ginnel::relay
