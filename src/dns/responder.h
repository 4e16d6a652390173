// From the bytes of a query to the bytes of its answer.
//
// Lives in one thread (the executor's); only what it reads is shared. Names of Ginnel are answered at once, others when
// the recursion answers; each asker may have so many of those in flight, so that none takes all of them.
#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <map>
#include <optional>
#include <span>

#include "dns/answer.h"
#include "dns/directory.h"
#include "dns/recursion.h"

namespace ginnel::dns {

// Counted since the start; from any thread.
struct Statistics {
  std::atomic<uint64_t> queries = 0;   // all that came
  std::atomic<uint64_t> own = 0;       // answered from the published names, refusals included
  std::atomic<uint64_t> recursed = 0;  // asked upstream
  std::atomic<uint64_t> failed = 0;    // of those: no answer could be had
  std::atomic<uint64_t> malformed = 0;
  std::atomic<uint64_t> silent = 0;  // not answered: DNS support is off, or it was no query
};

class Responder {
 public:
  enum class Transport { udp, tcp };
  // Called once: with the answer, or with nothing where there is to be none.
  using Reply = std::function<void(std::optional<Bytes>)>;

  // All references must outlive the responder; the recursion must be stopped before it goes.
  Responder(const Directory& directory, Recursion& recursion, boost::asio::any_io_executor executor, Log& log,
            size_t most_recursions_each);

  // `reply` is called before this returns where nobody else has to be asked.
  void respond(const IpAddress& source, std::span<const uint8_t> bytes, Transport transport, Reply reply);
  [[nodiscard]] const Statistics& statistics() const { return statistics_; }

 private:
  // What waits for the recursion.
  struct Waiting {
    IpAddress source;
    Message message;  // the reply to be finished
    size_t limit;
    Reply reply;
  };

  void recurse(std::shared_ptr<Waiting> waiting);
  void finish_recursion(Waiting& waiting, const Result<Message>& upstream);

  const Directory& directory_;
  Recursion& recursion_;
  boost::asio::any_io_executor executor_;
  Log& log_;
  const size_t most_recursions_each_;
  std::map<IpAddress, size_t> recursions_;  // in flight, by asker
  Statistics statistics_;
};

}  // namespace ginnel::dns
