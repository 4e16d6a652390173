// Takes flows out of the table, by the program `ginnel_end` (abi/count.h): an entry goes and what it held is counted at
// once, and a flow that has woken up since it was seen idle stays. And marks flows as cut, in place, so that a packet
// that passes in that moment is counted.
//
// From any thread; the calls take turns. The program and its map outlive it.
#pragma once

#include <cstdint>
#include <mutex>
#include <vector>

#include "abi/count.h"
#include "base/result.h"
#include "dataplane/maps.h"

namespace ginnel::dataplane {

class FlowEnder {
 public:
  // Of GINNEL_END_PROGRAM, and of its map of keys.
  FlowEnder(int program_fd, Map<__u32, ginnel_end_key> keys) : program_fd_(program_fd), keys_(std::move(keys)) {}

  // Those of the flows of these entries that are idle in both directions at `now_s`, or whose other entry is missing.
  // Returns how many entries went, two a flow.
  Result<size_t> end_idle(const std::vector<ginnel_flow_key>& keys, uint32_t now_s);
  // All of them.
  Result<size_t> end(const std::vector<ginnel_flow_key>& keys);
  // All of them are cut by their next packet. Returns how many flows were not marked yet.
  Result<size_t> mark(const std::vector<ginnel_flow_key>& keys);

 private:
  Result<size_t> run(const std::vector<ginnel_flow_key>& keys, uint32_t flags, uint32_t now_s);

  const int program_fd_;
  std::mutex mutex_;
  Map<__u32, ginnel_end_key> keys_;
};

}  // namespace ginnel::dataplane
