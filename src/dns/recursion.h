// Asks the upstream resolvers, by libunbound.
//
// Runs in threads of its own, so that nothing that an upstream does can hold up the names that Ginnel answers itself.
// libunbound caches, tries the next upstream, and falls back to TCP.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "dns/message.h"
#include "dns/socket_address.h"

namespace ginnel::dns {

class Recursion {
 public:
  struct Options {
    std::optional<std::vector<SocketAddress>> upstreams;  // no value: those of the file; an empty list: nobody is asked
    std::string resolv_conf = "/etc/resolv.conf";         // read once, at the start
    std::chrono::milliseconds time_out{4000};             // for a question; a stub resolver waits 5 s
    bool cache = true;                                    // false: every question goes to an upstream
    size_t most_outstanding = 1024;                       // questions; more are refused at once
  };
  // The upstream's answer (any rcode), or why there is none.
  using Callback = std::function<void(Result<Message>)>;

  // The log must outlive the object.
  static Result<std::unique_ptr<Recursion>> start(const Options& options, Log& log);
  // Callbacks that are still waited for are not called any more.
  ~Recursion();

  // From any thread. The callback is called exactly once, in the caller's thread (refused) or in the recursion's.
  void resolve(const Question& question, Callback callback);

 private:
  class Worker;
  explicit Recursion(std::unique_ptr<Worker> worker);

  std::unique_ptr<Worker> worker_;
};

}  // namespace ginnel::dns
