#include "health/prober.h"

#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <array>
#include <atomic>
#include <ctime>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include "health/connection.h"
#include "health/schedule.h"

namespace ginnel::health {
namespace {

constexpr int kEventsAtOnce = 256;
constexpr auto kComplainEvery = std::chrono::minutes(1);
// Checks that fall due together are begun together: waking up for each of them would cost more than the check.
constexpr std::chrono::milliseconds kTick{10};

// Those that say what is connected to and what is said; the others are settings of how it is judged.
bool same_check(const plan::Probe& a, const plan::Probe& b) {
  return a.address == b.address && a.port == b.port && a.target_address == b.target_address &&
         a.protocol == b.protocol && a.path == b.path && a.matcher == b.matcher && a.proxy_header == b.proxy_header;
}

struct Watched {
  Watched(plan::Probe the_probe, uint64_t the_phase)
      : probe(std::move(the_probe)), phase(the_phase), judge(Judge::parse(probe.health)) {
    if (judge.health() == Judge::Health::unhealthy) last = failed_checks();
  }

  plan::Probe probe;
  Matcher matcher;
  uint64_t phase;
  Judge judge;
  Outcome last;  // that changed the health
  std::unique_ptr<Connection> connection;
  uint32_t awaited = 0;  // events that epoll knows of
  bool draining = false;
  Steady::time_point due;  // the next check, or the end of the one that runs
};

}  // namespace

class Prober::Worker {
 public:
  Worker(const Options& options, OnChange on_change, Log& log)
      : options_(options), on_change_(std::move(on_change)), log_(log), starts_(seconds(1) / kStartsPerSecond) {}

  ~Worker() {
    if (!thread_.joinable()) return;
    stopping_ = true;
    wake();
    thread_.join();
  }

  Status start() {
    GINNEL_TRY(context_, make_ssl_context());
    epoll_.reset(::epoll_create1(EPOLL_CLOEXEC));
    wake_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!epoll_ || !wake_) return fail_errno("start", "the prober");
    epoll_event event{EPOLLIN, {.ptr = nullptr}};
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event) != 0) return fail_errno("start", "the prober");
    thread_ = std::thread([this] { loop(); });
    return {};
  }

  void command(plan::VpcNumber vpc, std::vector<plan::Probe> probes) {
    {
      const std::lock_guard lock(mutex_);
      commands_[vpc] = std::move(probes);  // a later one takes the place of an earlier
    }
    wake();
  }

  std::chrono::nanoseconds cpu_time() {
    clockid_t clock{};
    timespec time{};
    if (::pthread_getcpuclockid(thread_.native_handle(), &clock) != 0 || ::clock_gettime(clock, &time) != 0) return {};
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  }
  [[nodiscard]] uint64_t checks() const { return checks_; }

 private:
  [[nodiscard]] Steady::duration seconds(uint32_t count) const { return options_.second * count; }
  // Of a constant of real time.
  [[nodiscard]] Steady::duration scaled(std::chrono::milliseconds time) const {
    return std::chrono::duration_cast<Steady::duration>(options_.second) * time.count() / 1000;
  }

  void wake() {
    const uint64_t one = 1;
    (void)!::write(wake_.get(), &one, sizeof one);
  }

  void loop() {
    sigset_t pipe;  // OpenSSL writes without MSG_NOSIGNAL
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
    std::array<epoll_event, kEventsAtOnce> events{};
    while (!stopping_) {
      const int count = ::epoll_wait(epoll_.get(), events.data(), kEventsAtOnce, patience_ms());
      for (int n = 0; n < count; ++n) handle(events[static_cast<size_t>(n)]);
      const auto now = Steady::now();
      while (!due_.empty() && due_.begin()->first <= now) fall_due(*due_.begin()->second, now);
      take_commands();
      if (!findings_.empty()) on_change_(std::exchange(findings_, {}));
    }
  }

  [[nodiscard]] int patience_ms() const {
    if (due_.empty()) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(due_.begin()->first - Steady::now()).count();
    const auto tick = std::chrono::ceil<std::chrono::milliseconds>(scaled(kTick)).count();
    return static_cast<int>(std::clamp<int64_t>(left, tick, 60'000));
  }

  void handle(const epoll_event& event) {
    auto* watched = static_cast<Watched*>(event.data.ptr);
    if (!watched) {
      uint64_t count = 0;
      (void)!::read(wake_.get(), &count, sizeof count);
      return;
    }
    if (watched->connection) proceed(*watched);
  }

  void schedule(Watched& watched, Steady::time_point due) {
    auto node = due_.extract({watched.due, &watched});
    watched.due = due;
    if (node.empty()) {
      due_.emplace(due, &watched);
    } else {
      node.value() = {due, &watched};
      due_.insert(std::move(node));
    }
  }

  void fall_due(Watched& watched, Steady::time_point now) {
    if (!watched.connection) return begin(watched, now);
    watched.connection->expire();
    finish(watched);
  }

  void begin(Watched& watched, Steady::time_point now) {
    auto opened = Connection::open(watched.probe, watched.matcher, options_.source, context_.get());
    if (!opened) {
      if (now >= complain_at_) {
        log_.error("health checks are put off: {}", opened.error().text());
        complain_at_ = now + kComplainEvery;
      }
      return schedule(watched, now + seconds(1));
    }
    watched.connection = std::move(*opened);
    watched.draining = false;
    watched.awaited = 0;
    schedule(watched, now + seconds(watched.probe.timeout_s));
    if (watched.connection->ready()) return proceed(watched);
    await(watched);
  }

  void await(Watched& watched) {
    const uint32_t events = watched.connection->events();
    if (events == watched.awaited) return;
    epoll_event event{events, {.ptr = &watched}};
    const int operation = watched.awaited == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    // Without its events the check ends with its time; the kernel refuses only for want of memory or watches.
    if (::epoll_ctl(epoll_.get(), operation, watched.connection->fd(), &event) != 0) {
      log_.error("{}", Status(fail_errno("wait for the answer of", watched.probe.target)).error().text());
    }
    watched.awaited = events;
  }

  void proceed(Watched& watched) {
    if (watched.connection->proceed()) return finish(watched);
    await(watched);
    if (watched.connection->answered() && !watched.draining) {
      watched.draining = true;
      schedule(watched, std::min(watched.due, Steady::now() + scaled(kDrain)));
    }
  }

  void finish(Watched& watched) {
    const Outcome outcome = watched.connection->outcome();
    watched.connection.reset();
    ++checks_;
    if (watched.judge.note(outcome, watched.probe.healthy_threshold, watched.probe.unhealthy_threshold)) {
      watched.last = outcome;
      tell(watched);
    }
    const auto now = Steady::now();
    if (watched.judge.health() == Judge::Health::initial) {
      schedule(watched, now + scaled(kInitialPause));
    } else {
      schedule(watched, next_moment(now, seconds(watched.probe.interval_s), watched.phase));
    }
  }

  void tell(const Watched& watched) {
    findings_.push_back({watched.probe.target, watched.judge.health() == Judge::Health::healthy, watched.last.reason,
                         watched.last.description});
  }

  void take_commands() {
    std::map<plan::VpcNumber, std::vector<plan::Probe>> commands;
    {
      const std::lock_guard lock(mutex_);
      commands.swap(commands_);
    }
    for (auto& [vpc, probes] : commands) replace(vpc, std::move(probes));
  }

  void replace(plan::VpcNumber vpc, std::vector<plan::Probe> probes) {
    std::map<std::string, std::unique_ptr<Watched>> old;
    old.swap(watched_[vpc]);
    for (auto& probe : probes) {
      std::unique_ptr<Watched> watched;
      if (const auto found = old.find(probe.target); found != old.end()) watched = std::move(found->second);
      if (watched) {
        change(*watched, std::move(probe));
      } else {
        watched = add(std::move(probe));
      }
      auto key = watched->probe.target;
      watched_[vpc].emplace(std::move(key), std::move(watched));
    }
    for (const auto& [target, gone] : old) {
      if (gone) due_.erase({gone->due, gone.get()});
    }
    if (watched_[vpc].empty()) watched_.erase(vpc);
  }

  std::unique_ptr<Watched> add(plan::Probe probe) {
    const uint64_t phase = phase_of(probe.target);
    auto watched = std::make_unique<Watched>(std::move(probe), phase);
    set_matcher(*watched);
    soon(*watched);
    return watched;
  }

  void change(Watched& watched, plan::Probe probe) {
    const bool same = same_check(watched.probe, probe), same_interval = watched.probe.interval_s == probe.interval_s;
    if (!same) {
      watched.connection.reset();  // it refers to the probe
      watched.judge.start_over();
    }
    watched.probe = std::move(probe);
    set_matcher(watched);
    if (!same || (!watched.connection && !same_interval)) soon(watched);
    // The target is registered anew, or an earlier finding came too early or too late for the model.
    const auto health = watched.judge.health();
    if (health != Judge::Health::initial && health != Judge::parse(watched.probe.health)) tell(watched);
  }

  void set_matcher(Watched& watched) {
    if (watched.probe.protocol == plan::Probe::Protocol::tcp) return;
    auto matcher = Matcher::parse(watched.probe.matcher);
    if (matcher) {
      watched.matcher = std::move(*matcher);
    } else {
      log_.error("{}: {}", watched.probe.target, matcher.error().text());  // no answer matches
    }
  }

  void soon(Watched& watched) {
    const auto now = Steady::now();
    const bool initial = watched.judge.health() == Judge::Health::initial;
    schedule(watched, initial ? starts_.take(now) : next_moment(now, seconds(watched.probe.interval_s), watched.phase));
  }

  const Options options_;
  const OnChange on_change_;
  Log& log_;
  UniqueFd epoll_, wake_;
  SslContext context_;
  std::mutex mutex_;
  std::map<plan::VpcNumber, std::vector<plan::Probe>> commands_;
  std::atomic<bool> stopping_ = false;
  std::atomic<uint64_t> checks_ = 0;
  // Of the thread alone.
  std::map<plan::VpcNumber, std::map<std::string, std::unique_ptr<Watched>>> watched_;
  std::set<std::pair<Steady::time_point, Watched*>> due_;
  std::vector<Finding> findings_;
  Queue starts_;
  Steady::time_point complain_at_{};
  std::thread thread_;
};

Result<std::unique_ptr<Prober>> Prober::start(const Options& options, OnChange on_change, Log& log) {
  auto worker = std::make_unique<Worker>(options, std::move(on_change), log);
  GINNEL_CHECKED(worker->start());
  return std::unique_ptr<Prober>(new Prober(std::move(worker)));
}

Prober::Prober(std::unique_ptr<Worker> worker) : worker_(std::move(worker)) {}
Prober::~Prober() = default;

void Prober::set_vpc(const plan::VpcPlan& plan) { worker_->command(plan.number, plan.probes); }
void Prober::remove_vpc(plan::VpcNumber number) { worker_->command(number, {}); }
std::chrono::nanoseconds Prober::cpu_time() const { return worker_->cpu_time(); }
uint64_t Prober::checks() const { return worker_->checks(); }

}  // namespace ginnel::health
