#include "dns/recursion.h"

#include <fmt/format.h>
#include <unbound.h>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <thread>
#include <unordered_map>

#include "base/file.h"
#include "dns/resolv_conf.h"

namespace ginnel::dns {
namespace {

namespace asio = boost::asio;

struct DeleteContext {
  void operator()(ub_ctx* context) const { ub_ctx_delete(context); }
};
using Context = std::unique_ptr<ub_ctx, DeleteContext>;

Status set_option(ub_ctx* context, const char* option, const char* value) {
  const int error = ub_ctx_set_option(context, option, value);
  if (error == 0) return {};
  return fail("set libunbound's option", fmt::format("{} {}", option, value), ub_strerror(error));
}

Result<Context> make_context(const std::vector<SocketAddress>& upstreams, bool cache) {
  Context context(ub_ctx_create());
  if (!context) return fail("start", "libunbound", "out of memory or no random numbers");
  const std::pair<const char*, const char*> options[] = {
      {"module-config:", "iterator"},     // validation is the upstream's business
      {"do-not-query-localhost:", "no"},  // an upstream may be on this machine
      {"unblock-lan-zones:", "yes"},      // and may know the reverse zones of private addresses
      {"outgoing-range:", "256"},         // so many questions are on their way at once; libunbound has 16
      {"num-queries-per-thread:", "1024"},
      {"infra-host-ttl:", "60"},  // an upstream that was dead is tried again after
                                  // a minute at the latest
      {"infra-keep-probing:", "yes"},
      {"msg-cache-size:", "16m"},
      {"rrset-cache-size:", "32m"},
  };
  for (const auto& [option, value] : options) GINNEL_CHECKED(set_option(context.get(), option, value));
  if (!cache) {
    GINNEL_CHECKED(set_option(context.get(), "cache-max-ttl:", "0"));
    GINNEL_CHECKED(set_option(context.get(), "cache-max-negative-ttl:", "0"));
  }
  for (const auto& upstream : upstreams) {
    const std::string address = fmt::format("{}@{}", upstream.address.to_string(), upstream.port);
    if (const int error = ub_ctx_set_fwd(context.get(), address.c_str()); error != 0) {
      return fail("use upstream resolver", to_string(upstream), ub_strerror(error));
    }
  }
  if (const int error = ub_ctx_async(context.get(), 1); error != 0) {
    return fail("start", "libunbound", ub_strerror(error));
  }
  return context;
}

Result<Message> message_of(int error, const ub_result* result) {
  if (error != 0 || !result) return fail("resolve", "", ub_strerror(error));
  if (!result->answer_packet || result->answer_len <= 0) return fail("resolve", result->qname, "no answer");
  return decode(std::span(static_cast<const uint8_t*>(result->answer_packet), static_cast<size_t>(result->answer_len)));
}

std::vector<SocketAddress> choose_upstreams(const Recursion::Options& options, Log& log) {
  if (options.upstreams) return *options.upstreams;
  const auto text = read_file(options.resolv_conf);
  if (!text) {
    log.warning("no upstream resolvers: {}", text.error().text());
    return {};
  }
  auto upstreams = name_servers_of(*text);
  if (upstreams.empty()) log.warning("no upstream resolvers: {} names none", options.resolv_conf);
  return upstreams;
}

}  // namespace

class Recursion::Worker {
 public:
  Worker(Context context, const Options& options, bool has_upstreams)
      : options_(options),
        has_upstreams_(has_upstreams),
        context_(std::move(context)),
        readable_(io_, ub_fd(context_.get())) {}

  ~Worker() {
    io_.stop();
    if (thread_.joinable()) thread_.join();
    readable_.release();  // the descriptor is libunbound's
  }

  void start() {
    wait_readable();
    thread_ = std::thread([this] { io_.run(); });
  }

  void resolve(const Question& question, Callback callback) {
    if (!has_upstreams_) return callback(fail("resolve", question.name.to_text(), "there are no upstream resolvers"));
    if (outstanding_.fetch_add(1) >= options_.most_outstanding) {
      --outstanding_;
      return callback(fail("resolve", question.name.to_text(),
                           fmt::format("{} questions are waiting already", options_.most_outstanding)));
    }
    asio::post(io_, [this, question, callback = std::move(callback)]() mutable { ask(question, std::move(callback)); });
  }

 private:
  struct Pending {
    Worker& worker;
    uint64_t number;
    Callback callback;
    asio::steady_timer timer;
    int id = 0;
  };

  void wait_readable() {
    readable_.async_wait(asio::posix::stream_descriptor::wait_read, [this](const boost::system::error_code& error) {
      if (error) return;
      ub_process(context_.get());  // calls on_result; a failure concerns one result, which then times out
      wait_readable();
    });
  }

  void ask(const Question& question, Callback callback) {
    const uint64_t number = ++last_number_;
    auto owned = std::make_unique<Pending>(Pending{*this, number, std::move(callback), asio::steady_timer(io_)});
    Pending* pending = owned.get();
    pending_.emplace(number, std::move(owned));
    const int error = ub_resolve_async(context_.get(), question.name.to_text().c_str(), question.type, question.qclass,
                                       pending, &Worker::on_result, &pending->id);
    if (error != 0) return finish(number, fail("resolve", question.name.to_text(), ub_strerror(error)));
    pending->timer.expires_after(options_.time_out);
    pending->timer.async_wait([this, number](const boost::system::error_code&) { give_up(number); });
  }

  void give_up(uint64_t number) {
    const auto found = pending_.find(number);
    if (found == pending_.end()) return;  // answered
    ub_cancel(context_.get(), found->second->id);
    finish(number, fail("resolve", "", "no upstream answered in time"));
  }

  static void on_result(void* data, int error, ub_result* result) {
    auto* pending = static_cast<Pending*>(data);
    auto message = message_of(error, result);
    ub_resolve_free(result);
    pending->worker.finish(pending->number, std::move(message));
  }

  void finish(uint64_t number, Result<Message> result) {
    auto node = pending_.extract(number);
    --outstanding_;
    node.mapped()->callback(std::move(result));
  }

  const Options options_;
  const bool has_upstreams_;
  Context context_;
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(io_);
  asio::posix::stream_descriptor readable_;
  // In the worker's thread only; by a number that is never used twice.
  std::unordered_map<uint64_t, std::unique_ptr<Pending>> pending_;
  uint64_t last_number_ = 0;
  std::atomic<size_t> outstanding_ = 0;
  std::thread thread_;
};

Result<std::unique_ptr<Recursion>> Recursion::start(const Options& options, Log& log) try {
  const auto upstreams = choose_upstreams(options, log);
  GINNEL_TRY(auto context, make_context(upstreams, options.cache));
  auto worker = std::make_unique<Worker>(std::move(context), options, !upstreams.empty());
  worker->start();
  return std::unique_ptr<Recursion>(new Recursion(std::move(worker)));
} catch (const std::exception& error) {  // of Asio, which throws where descriptors or threads run out
  return fail("start", "recursion", error.what());
}

Recursion::Recursion(std::unique_ptr<Worker> worker) : worker_(std::move(worker)) {}
Recursion::~Recursion() = default;

void Recursion::resolve(const Question& question, Callback callback) {
  worker_->resolve(question, std::move(callback));
}

}  // namespace ginnel::dns
