// Host names to addresses through the host's own resolver (getaddrinfo), which blocks: on threads of its own.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "relay/event_loop.h"

namespace ginnel::relay {

class Resolver {
 public:
  using Answer = Result<std::vector<IpAddress>>;  // never empty; in the order of RFC 6724
  using Done = std::function<void(Answer)>;

  // Answers come on the loop's thread. The loop must outlive the resolver.
  explicit Resolver(EventLoop& loop);
  // Questions that are not answered yet get no answer. Does not wait for the host's resolver.
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // For a name. An error also where too many questions wait. There is no time-out here: the caller has one.
  void resolve(const std::string& host, Done done);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace ginnel::relay
