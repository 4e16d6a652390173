#include "dataplane/flow_end.h"

#include <algorithm>

namespace ginnel::dataplane {

Result<size_t> FlowEnder::end_idle(const std::vector<ginnel_flow_key>& keys, uint32_t now_s) {
  return run(keys, GINNEL_END_IDLE, now_s);
}

Result<size_t> FlowEnder::end(const std::vector<ginnel_flow_key>& keys) { return run(keys, 0, 0); }

Result<size_t> FlowEnder::mark(const std::vector<ginnel_flow_key>& keys) { return run(keys, GINNEL_END_MARK, 0); }

Result<size_t> FlowEnder::run(const std::vector<ginnel_flow_key>& keys, uint32_t flags, uint32_t now_s) {
  const std::lock_guard lock(mutex_);
  size_t ended = 0;
  std::vector<__u32> places;
  std::vector<ginnel_end_key> values;
  for (size_t first = 0; first < keys.size(); first += GINNEL_END_KEYS) {
    places.clear();
    values.clear();
    const size_t last = std::min<size_t>(keys.size(), first + GINNEL_END_KEYS);
    for (size_t i = first; i < last; ++i) {
      places.push_back(static_cast<__u32>(i - first));
      values.push_back({keys[i], 0});
    }
    GINNEL_CHECKED(keys_.put_all(places, values));
    ginnel_end_request request{static_cast<__u32>(values.size()), flags, now_s, 0};
    bpf_test_run_opts options{};
    options.sz = sizeof options;
    options.ctx_in = &request;
    options.ctx_size_in = sizeof request;
    if (bpf_prog_test_run_opts(program_fd_, &options) != 0) return fail_errno("run program", GINNEL_END_PROGRAM);
    ended += request.ended;
  }
  return ended;
}

}  // namespace ginnel::dataplane
