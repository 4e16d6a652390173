// Something that is to be done again and again, in a thread of its own.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>

namespace ginnel::daemon {

// Calls `work` every `every`, the first time after that long, until it is destroyed; then waits for a call that runs.
class Periodic {
 public:
  Periodic(std::chrono::milliseconds every, std::function<void()> work)
      : thread_([this, every, work = std::move(work)](const std::stop_token& stop) {
          std::unique_lock lock(mutex_);
          while (!wake_.wait_for(lock, stop, every, [&] { return stop.stop_requested(); })) work();
        }) {}

 private:
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;  // last: it uses the others
};

}  // namespace ginnel::daemon
