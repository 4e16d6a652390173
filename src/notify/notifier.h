// Delivers notifications to the webhooks of their topics: at least once, in order per topic.
//
// One thread of its own (host names are looked up in short-lived threads beside it). What is to be delivered is asked
// of the owner, who keeps it durably and takes a message away once it is told that the message is done; so nothing is
// lost with the process, and a message whose receiver answered may come again where the process ended just then.
// Topics are independent of each other. In one topic the next message is sent when the one before is done: delivered
// (any 2xx answer), or given up after `give_up`. Between attempts there is a pause, doubled each time up to the
// longest, of which a random half is left out.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "base/result.h"
#include "notify/notification.h"

namespace ginnel::notify {

struct Webhook {
  std::string topic;  // ARN
  bool tls = false;   // the receiver's certificate must be good: by the system's authorities, or by `authority_pem`
  std::string host;   // a name or an address
  uint16_t port = 80;
  std::string target = "/";  // path and query
};

class Notifier {
 public:
  struct Options {
    std::vector<Webhook> webhooks;     // one a topic
    std::string authority_pem;         // trusted besides the system's authorities; may be empty
    std::string certificate_url_base;  // "https://sns.REGION.SUFFIX": what stands before certificate_path()
    std::chrono::milliseconds first_pause{1000}, longest_pause{300'000};
    std::chrono::milliseconds time_out{15'000};  // of one attempt: for the name, and again for all the rest
    std::chrono::milliseconds give_up{86'400'000};
  };
  // Both are called in the notifier's thread. The first gives everything that is to be delivered, in any order. The
  // second is called once a message is delivered, given up, or found to have no webhook; it may not block.
  using Source = std::function<std::vector<Message>()>;
  using OnDone = std::function<void(const Message&)>;

  // Clock, randomness and log must outlive the notifier. Looks for messages at once.
  static Result<std::unique_ptr<Notifier>> start(Options options, tls::Signer signer, Source source, OnDone on_done,
                                                 const Clock& clock, RandomSource& random, Log& log);
  // No callback runs any more when it returns; attempts under way are cut.
  ~Notifier();

  // From any thread: there may be new messages. Cheap.
  void wake();
  // From any thread: from now on this one signs.
  void set_signer(tls::Signer signer);

 private:
  class Worker;
  explicit Notifier(std::unique_ptr<Worker> worker);
  std::unique_ptr<Worker> worker_;
};

}  // namespace ginnel::notify
