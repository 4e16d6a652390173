// Pipes that splice(2) moves bytes through, kept for the next user: an idle connection holds none. One thread.
#pragma once

#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace ginnel::relay {

struct Pipe {
  UniqueFd out, in;  // read end, write end
};

class PipePool {
 public:
  static constexpr size_t kPipeBytes = 512U << 10;

  // An empty pipe, non-blocking.
  Result<Pipe> take();
  // Only pipes that are empty come back; others are closed by their owner.
  void give_back(Pipe pipe);

 private:
  static constexpr size_t kKept = 64;
  std::vector<Pipe> free_;
};

}  // namespace ginnel::relay
