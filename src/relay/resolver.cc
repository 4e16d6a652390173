#include "relay/resolver.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <thread>

namespace ginnel::relay {
namespace {

constexpr size_t kMostThreads = 8, kMostWaiting = 4096;

IpAddress from_native(const sockaddr* native) {
  if (native->sa_family == AF_INET) {
    return IpAddress::from_v4(ntohl(reinterpret_cast<const sockaddr_in*>(native)->sin_addr.s_addr));
  }
  IpAddress::Bytes bytes;
  std::copy_n(reinterpret_cast<const sockaddr_in6*>(native)->sin6_addr.s6_addr, 16, bytes.begin());
  return IpAddress(bytes);
}

Resolver::Answer ask_host(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (const int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &list); code != 0) {
    return fail("resolve", host, ::gai_strerror(code));
  }
  std::vector<IpAddress> out;
  for (const addrinfo* one = list; one; one = one->ai_next) {
    if (one->ai_family == AF_INET || one->ai_family == AF_INET6) out.push_back(from_native(one->ai_addr));
  }
  ::freeaddrinfo(list);
  if (out.empty()) return fail("resolve", host, "no address");
  return out;
}

}  // namespace

// Shared with the threads, which are detached: one may hang in getaddrinfo long after the resolver is gone.
struct Resolver::State {
  std::mutex mutex;
  std::condition_variable wanted;
  EventLoop* loop;  // nullptr once the resolver is gone
  std::deque<std::pair<std::string, Done>> questions;
  size_t threads = 0, idle = 0;

  explicit State(EventLoop& the_loop) : loop(&the_loop) {}

  void work() {
    std::unique_lock lock(mutex);
    while (true) {
      ++idle;
      wanted.wait(lock, [this] { return !loop || !questions.empty(); });
      --idle;
      if (!loop) return;
      auto [host, done] = std::move(questions.front());
      questions.pop_front();
      lock.unlock();
      auto answer = std::make_shared<Answer>(ask_host(host));
      lock.lock();
      if (!loop) return;
      loop->post([answer, reply = std::move(done)] { reply(std::move(*answer)); });
    }
  }
};

Resolver::Resolver(EventLoop& loop) : state_(std::make_shared<State>(loop)) {}

Resolver::~Resolver() {
  const std::lock_guard lock(state_->mutex);
  state_->loop = nullptr;
  state_->questions.clear();
  state_->wanted.notify_all();
}

void Resolver::resolve(const std::string& host, Done done) {
  const std::lock_guard lock(state_->mutex);
  if (state_->questions.size() >= kMostWaiting) {
    state_->loop->post([host, reply = std::move(done)] { reply(fail("resolve", host, "too many names are waiting")); });
    return;
  }
  state_->questions.emplace_back(host, std::move(done));
  if (state_->idle < state_->questions.size() && state_->threads < kMostThreads) {
    ++state_->threads;
    std::thread([state = state_] { state->work(); }).detach();
  }
  state_->wanted.notify_one();
}

}  // namespace ginnel::relay
