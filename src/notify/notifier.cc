#include "notify/notifier.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <map>
#include <set>
#include <thread>
#include <tuple>

#include "base/ip.h"
#include "notify/post.h"

namespace ginnel::notify {

namespace net = boost::asio;

namespace {

// Of those that wait for one topic the oldest goes first; the id makes the order one that a restart keeps.
struct Older {
  bool operator()(const Message& a, const Message& b) const {
    return std::tie(a.created, a.id) < std::tie(b.created, b.id);
  }
};

std::string authority_of(const Webhook& hook) {
  const auto address = IpAddress::parse(hook.host);
  const std::string host = address && !address->is_v4() ? "[" + hook.host + "]" : hook.host;
  return hook.port == (hook.tls ? 443 : 80) ? host : fmt::format("{}:{}", host, hook.port);
}

// Not in the coroutine: g++ 12 destroys the temporaries of a list in one twice.
Post post_of(const Webhook& hook, const Message& message, std::string body) {
  return {hook.host,
          authority_of(hook),
          hook.target,
          {{"x-amz-sns-message-type", "Notification"},
           {"x-amz-sns-message-id", message.id},
           {"x-amz-sns-topic-arn", message.topic},
           {"Content-Type", "text/plain; charset=UTF-8"},
           {"User-Agent", "Amazon Simple Notification Service Agent"}},
          std::move(body)};
}

Status judge(const Webhook& hook, unsigned status) {
  if (status / 100 == 2) return {};
  return fail("post to", hook.host, fmt::format("the answer is {}", status));
}

Status trust(net::ssl::context& context, const std::string& authority_pem) {
  boost::system::error_code error;
  context.set_default_verify_paths(error);  // a system without authorities is no error
  if (authority_pem.empty()) return {};
  context.add_certificate_authority(net::buffer(authority_pem), error);
  if (error) return fail("trust", "the region's authority", error.message());
  return {};
}

}  // namespace

class Notifier::Worker {
 public:
  Worker(Options options, tls::Signer signer, Source source, OnDone on_done, const Clock& clock, RandomSource& random,
         Log& log)
      : options_(std::move(options)),
        signer_(std::move(signer)),
        source_(std::move(source)),
        on_done_(std::move(on_done)),
        clock_(clock),
        random_(random),
        log_(log) {
    for (const auto& hook : options_.webhooks) {
      lines_.emplace(hook.topic, std::make_unique<Line>(io_, hook));
    }
  }
  ~Worker() {
    io_.stop();
    if (thread_.joinable()) thread_.join();
  }

  Status start() {
    GINNEL_CHECKED(trust(tls_, options_.authority_pem));
    thread_ = std::thread([this] { io_.run(); });
    wake();
    return {};
  }

  void wake() {
    if (woken_.exchange(true)) return;
    net::post(io_, [this] {
      woken_ = false;
      look();
    });
  }

  void set_signer(tls::Signer signer) {
    net::post(io_, [this, signer = std::move(signer)]() mutable { signer_ = std::move(signer); });
  }

 private:
  struct Line {
    Line(net::io_context& io, const Webhook& the_hook)
        : hook(the_hook), name(io, the_hook.host, the_hook.port), pause(io) {}

    const Webhook hook;
    HostName name;
    net::steady_timer pause;
    std::set<Message, Older> waiting;
    bool running = false;
  };

  // Takes in what is new; forgets what the owner has taken away.
  void look() {
    std::set<std::string> there;
    for (auto& message : source_()) {
      there.insert(message.id);
      if (known_.contains(message.id)) continue;
      known_.insert(message.id);
      const auto line = lines_.find(message.topic);
      if (line == lines_.end()) {
        log_.warning("notification {} is dropped: the configuration has no webhook for {}", message.id, message.topic);
        on_done_(message);
      } else {
        line->second->waiting.insert(std::move(message));
      }
    }
    std::erase_if(known_, [&](const std::string& id) { return !there.contains(id); });
    for (auto& [topic, line] : lines_) {
      std::erase_if(line->waiting, [&](const Message& message) { return !there.contains(message.id); });
      if (!line->running && !line->waiting.empty()) run(*line);
    }
  }

  void run(Line& line) {
    line.running = true;
    net::co_spawn(io_, deliver(line), [this, &line](const std::exception_ptr& failure) {
      line.running = false;
      if (failure) log_.error("notifications for {} stop until there is a new one", line.hook.topic);
    });
  }

  // One after the other until none waits.
  net::awaitable<void> deliver(Line& line) {
    unsigned attempts = 0;
    std::string attempted;
    while (!line.waiting.empty()) {
      const Message message = *line.waiting.begin();
      if (message.id != std::exchange(attempted, message.id)) attempts = 0;
      Status status = fail("deliver", message.id, "too old");
      if (!too_old(message)) status = co_await attempt(line, message);
      if (status) {
        log_.debug("notification {} is delivered to {}", message.id, line.hook.host);
      } else if (too_old(message)) {
        log_.error("notification {} for {} is given up after {} h", message.id, message.topic,
                   std::chrono::duration<double, std::ratio<3600>>(clock_.now() - message.created).count());
      } else {
        const auto pause = pause_after(attempts++);
        log_.warning("notification {} is not delivered (attempt {}, next in {} ms): {}", message.id, attempts,
                     pause.count(), status.error().text());
        line.pause.expires_after(pause);
        boost::system::error_code ignored;
        co_await line.pause.async_wait(net::redirect_error(net::use_awaitable, ignored));
        continue;
      }
      line.waiting.erase(message);
      on_done_(message);
    }
  }

  net::awaitable<Status> attempt(Line& line, const Message& message) {
    auto body = notification(message, signer_, options_.certificate_url_base + certificate_path(signer_));
    if (!body) co_return tl::unexpected(body.error());
    auto endpoints = co_await line.name.resolve(options_.time_out);
    if (!endpoints) co_return tl::unexpected(endpoints.error());
    const auto answer = co_await post(std::move(*endpoints), post_of(line.hook, message, std::move(*body)),
                                      line.hook.tls ? &tls_ : nullptr, options_.time_out);
    if (!answer) co_return tl::unexpected(answer.error());
    co_return judge(line.hook, *answer);
  }

  [[nodiscard]] bool too_old(const Message& message) const {
    return clock_.now() - message.created >= options_.give_up;
  }

  std::chrono::milliseconds pause_after(unsigned attempts) {
    const auto whole = std::min(options_.longest_pause, options_.first_pause * (1U << std::min(attempts, 20U)));
    uint8_t byte = 0;
    random_.fill({&byte, 1});
    return whole - whole * byte / 512;
  }

  const Options options_;
  tls::Signer signer_;
  const Source source_;
  const OnDone on_done_;
  const Clock& clock_;
  RandomSource& random_;
  Log& log_;
  net::io_context io_{1};
  net::executor_work_guard<net::io_context::executor_type> work_ = net::make_work_guard(io_);
  net::ssl::context tls_{net::ssl::context::tls_client};
  std::map<std::string, std::unique_ptr<Line>> lines_;  // by topic
  std::set<std::string> known_;                         // ids that the owner still shows
  std::atomic<bool> woken_ = false;
  std::thread thread_;
};

Result<std::unique_ptr<Notifier>> Notifier::start(Options options, tls::Signer signer, Source source, OnDone on_done,
                                                  const Clock& clock, RandomSource& random, Log& log) try {
  auto worker = std::make_unique<Worker>(std::move(options), std::move(signer), std::move(source), std::move(on_done),
                                         clock, random, log);
  GINNEL_CHECKED(worker->start());
  return std::unique_ptr<Notifier>(new Notifier(std::move(worker)));
} catch (const std::exception& error) {  // of Asio, where descriptors or threads run out
  return fail("start", "the notifier", error.what());
}

Notifier::Notifier(std::unique_ptr<Worker> worker) : worker_(std::move(worker)) {}
Notifier::~Notifier() = default;

void Notifier::wake() { worker_->wake(); }
void Notifier::set_signer(tls::Signer signer) { worker_->set_signer(std::move(signer)); }

}  // namespace ginnel::notify
