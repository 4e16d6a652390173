#include "relay/event_loop.h"

#include <sys/eventfd.h>

#include <algorithm>
#include <array>

#include "base/check.h"

namespace ginnel::relay {

Result<std::unique_ptr<EventLoop>> EventLoop::make() {
  UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return fail_errno("make", "epoll");
  UniqueFd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake) return fail_errno("make", "eventfd");
  epoll_event event{EPOLLIN, {nullptr}};
  if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, wake.get(), &event) != 0) return fail_errno("add to epoll", "eventfd");
  return std::unique_ptr<EventLoop>(new EventLoop(std::move(epoll), std::move(wake)));
}

Status EventLoop::add(int fd, uint32_t events, EventSource& source) {
  epoll_event event{events, {&source}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) return fail_errno("add to epoll", std::to_string(fd));
  return {};
}

void EventLoop::change(int fd, uint32_t events, EventSource& source) {
  epoll_event event{events, {&source}};
  const int failed = ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
  GINNEL_CHECK(failed == 0, "the file descriptor is in the loop");
}

void EventLoop::remove(int fd) {
  const int failed = ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  GINNEL_CHECK(failed == 0, "the file descriptor is in the loop");
}

EventLoop::Timer EventLoop::after(std::chrono::milliseconds delay, Task task) {
  const Timer timer{std::chrono::steady_clock::now() + delay, ++timers_made_};
  timers_.emplace(timer, std::move(task));
  return timer;
}

void EventLoop::post(Task task) {
  const std::lock_guard lock(mutex_);
  posted_.push_back(std::move(task));
  const uint64_t one = 1;
  // It can only fail where the counter is full, and then the loop wakes anyway.
  (void)!::write(wake_.get(), &one, sizeof one);
}

void EventLoop::stop() {
  post([this] {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  });
}

int EventLoop::wait_ms() const {
  if (!deferred_.empty()) return 0;
  if (timers_.empty()) return -1;
  const auto left = timers_.begin()->first.first - std::chrono::steady_clock::now();
  const auto left_ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
  return static_cast<int>(std::clamp<int64_t>(left_ms, 0, 60'000));
}

void EventLoop::run_timers() {
  while (!timers_.empty() && timers_.begin()->first.first <= now_) {
    const auto first = timers_.extract(timers_.begin());
    first.mapped()();
  }
}

void EventLoop::run_posted() {
  uint64_t count = 0;
  (void)!::read(wake_.get(), &count, sizeof count);
  std::vector<Task> tasks;
  {
    const std::lock_guard lock(mutex_);
    tasks.swap(posted_);
  }
  for (const Task& task : tasks) task();
}

void EventLoop::run_deferred() {
  std::vector<Task> tasks;
  tasks.swap(deferred_);
  for (const Task& task : tasks) task();
}

void EventLoop::run() {
  std::array<epoll_event, 256> events{};
  while (true) {
    {
      const std::lock_guard lock(mutex_);
      if (std::exchange(stopped_, false)) return;
    }
    const int count = ::epoll_wait(epoll_.get(), events.data(), events.size(), wait_ms());
    GINNEL_CHECK(count >= 0 || errno == EINTR, "epoll_wait works");
    now_ = std::chrono::steady_clock::now();
    bool posted = false;
    for (int i = 0; i < count; ++i) {
      auto* source = static_cast<EventSource*>(events[static_cast<size_t>(i)].data.ptr);
      if (source) {
        source->on_events(events[static_cast<size_t>(i)].events);
      } else {
        posted = true;
      }
    }
    run_deferred();
    if (posted) run_posted();
    run_timers();
    buried_.clear();
  }
}

}  // namespace ginnel::relay
