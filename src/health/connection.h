// One check of one target: a connection, and what is said over it. Internal to this module.
//
// Non-blocking: the owner waits for the descriptor and calls proceed(). Used by one thread.
#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <string>

#include "base/unique_fd.h"
#include "health/judge.h"
#include "health/matcher.h"
#include "planner/plan.h"

namespace ginnel::health {

struct FreeSsl {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};
struct FreeSslContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using SslContext = std::unique_ptr<SSL_CTX, FreeSslContext>;

// For HTTPS checks: any certificate is good (ELBv2: targets' certificates are not validated).
Result<SslContext> make_ssl_context();

// A TCP check is good once the connection stands; an HTTP check once the matcher takes the answer's status. The answer
// is read to its end, or for kDrain, so that the target's server meets no reset while it writes. The socket leaves no
// TIME_WAIT: it is closed with a reset.
class Connection {
 public:
  // `probe`, `matcher` and `context` must outlive the connection. An Error is this host's fault (no descriptor, no
  // source address) and says nothing about the target.
  static Result<std::unique_ptr<Connection>> open(const plan::Probe& probe, const Matcher& matcher,
                                                  const IpAddress& source, SSL_CTX* context);

  // There is no event to wait for before the first proceed().
  [[nodiscard]] bool ready() const { return established_ || !outcome_.reason.empty(); }
  // Goes on as far as it can; true: it is over, outcome() holds.
  bool proceed();
  // True once the status is known and only the rest of the answer is awaited.
  [[nodiscard]] bool answered() const { return status_ != 0; }
  // The time is over: what is known by now.
  void expire();

  [[nodiscard]] const Outcome& outcome() const { return outcome_; }
  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] uint32_t events() const { return events_; }  // of epoll, that are waited for

 private:
  enum class Step { connecting, greeting, handshake, asking, reading };

  Connection(const plan::Probe& probe, const Matcher& matcher) : probe_(probe), matcher_(matcher) {}
  Status connect(const IpAddress& source);
  bool finish_connect();
  bool greet();
  bool ask();
  bool read();
  bool shake_hands();
  bool over_tls(int result);  // after a call of OpenSSL that did not succeed: over, or waits
  bool read_status();
  bool end(Outcome outcome);
  bool judge();

  const plan::Probe& probe_;
  const Matcher& matcher_;
  UniqueFd fd_;  // before ssl_, which goes first
  std::unique_ptr<SSL, FreeSsl> ssl_;
  Step step_ = Step::connecting;
  uint32_t events_ = 0;
  std::string request_;
  std::string head_;  // the begin of the answer
  size_t read_ = 0;
  int status_ = 0;
  bool established_ = false;
  Outcome outcome_;
};

}  // namespace ginnel::health
