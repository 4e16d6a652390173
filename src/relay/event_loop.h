// One thread's loop over epoll: file descriptors, timers, and work handed over by other threads.
//
// Everything but post() and stop() is for the loop's own thread (or before run()).
#pragma once

#include <sys/epoll.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace ginnel::relay {

using SteadyTime = std::chrono::steady_clock::time_point;

// Owns a file descriptor that is in the loop. It must live until the end of the round in which it was taken out:
// events of that round may still come. See EventLoop::bury.
class EventSource {
 public:
  virtual ~EventSource() = default;
  virtual void on_events(uint32_t events) = 0;  // EPOLLIN, …
};

class EventLoop {
 public:
  using Task = std::function<void()>;
  using Timer = std::pair<SteadyTime, uint64_t>;

  static Result<std::unique_ptr<EventLoop>> make();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  Status add(int fd, uint32_t events, EventSource& source);
  void change(int fd, uint32_t events, EventSource& source);
  void remove(int fd);

  // Keeps the object until the end of this round.
  void bury(std::shared_ptr<void> object) { buried_.push_back(std::move(object)); }
  // Runs the task in the next round, after the events of the others.
  void defer(Task task) { deferred_.push_back(std::move(task)); }
  Timer after(std::chrono::milliseconds delay, Task task);
  void cancel(const Timer& timer) { timers_.erase(timer); }
  // The time at the start of the round.
  [[nodiscard]] SteadyTime now() const { return now_; }

  void post(Task task);
  void run();
  void stop();

 private:
  EventLoop(UniqueFd epoll, UniqueFd wake) : epoll_(std::move(epoll)), wake_(std::move(wake)) {}
  [[nodiscard]] int wait_ms() const;
  void run_timers();
  void run_posted();
  void run_deferred();

  UniqueFd epoll_, wake_;  // wake_ is an eventfd; it stands in epoll with no source
  SteadyTime now_ = std::chrono::steady_clock::now();
  std::map<Timer, Task> timers_;
  uint64_t timers_made_ = 0;
  std::vector<Task> deferred_;
  std::vector<std::shared_ptr<void>> buried_;
  std::mutex mutex_;  // guards posted_ and stopped_
  std::vector<Task> posted_;
  bool stopped_ = false;
};

}  // namespace ginnel::relay
