#include "daemon/applier.h"

#include <algorithm>

#include "model/lifecycle.h"
#include "planner/planner.h"

namespace ginnel::daemon {
namespace {

constexpr auto kPurgeEvery = std::chrono::seconds(1);
constexpr auto kLongestPause = std::chrono::seconds(30);

// Those that the plan gives out, as HostFacts names their owners.
std::map<std::string, IpAddress> synthetic_addresses(const plan::VpcPlan& plan) {
  std::map<std::string, IpAddress> out;
  for (const auto& port : plan.ports) out[port.interface_id] = port.synthetic;
  for (const auto& probe : plan.probes) out[probe.target] = probe.address;
  return out;
}

// Of the names in force those that the next plan has too, so that none outlives its path.
std::vector<plan::Name> staying(const std::vector<plan::Name>& now, const std::vector<plan::Name>& next) {
  std::vector<plan::Name> out;
  std::copy_if(now.begin(), now.end(), std::back_inserter(out),
               [&](const plan::Name& name) { return std::binary_search(next.begin(), next.end(), name); });
  return out;
}

}  // namespace

Applier::Applier(const model::Region& region, const plan::HostPlan& host, const Clock& clock, Log& log)
    : region_(region), host_(host), clock_(clock), log_(log) {}

Applier::~Applier() { stop(); }

void Applier::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  std::vector<Waiting> left;
  {
    const std::lock_guard lock(mutex_);
    left.swap(waiting_);
  }
  for (const auto& each : left) each.done(fail("apply", each.vpc_id, "the daemon is stopping"));
}

void Applier::after(const std::string& vpc_id, uint64_t revision, std::function<void(const Status&)> done) {
  std::unique_lock lock(mutex_);
  if (stopping_) {
    lock.unlock();
    return done(fail("apply", vpc_id, "the daemon is stopping"));
  }
  waiting_.push_back({vpc_id, revision, std::move(done)});
  dirty_.insert(vpc_id);
  lock.unlock();
  wake_.notify_one();
}

void Applier::answer(const std::string& vpc_id, uint64_t revision, const Status& status) {
  std::vector<Waiting> ready;
  {
    const std::lock_guard lock(mutex_);
    const auto end = std::stable_partition(waiting_.begin(), waiting_.end(), [&](const Waiting& each) {
      return each.vpc_id != vpc_id || each.revision > revision;
    });
    ready.assign(std::make_move_iterator(end), std::make_move_iterator(waiting_.end()));
    waiting_.erase(end, waiting_.end());
  }
  for (const auto& each : ready) each.done(status);
}

Status Applier::start(Committer& committer, PlanSink& sink) {
  committer_ = &committer;
  sink_ = &sink;
  facts_ = sink_->facts();
  const auto snapshot = committer.snapshot();
  std::set<plan::VpcNumber> known = {plan::kSystemVpc};
  for (const auto* vpc : snapshot->table<model::Vpc>().all()) {
    known.insert(vpc->number);
    follow(vpc->id);
  }
  GINNEL_CHECKED(sink_->sweep(known));
  thread_ = std::thread([this] { loop(); });
  return {};
}

void Applier::touch(const std::vector<std::string>& vpc_ids) {
  if (vpc_ids.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    dirty_.insert(vpc_ids.begin(), vpc_ids.end());
  }
  wake_.notify_one();
}

void Applier::loop() {
  auto next_purge = Steady::now() + kPurgeEvery;
  std::unique_lock lock(mutex_);
  while (!stopping_ || !dirty_.empty()) {
    auto wake_at = next_purge;
    for (const auto& [id, failure] : failed_) wake_at = std::min(wake_at, failure.retry_at);
    wake_.wait_until(lock, wake_at, [this] { return stopping_ || !dirty_.empty(); });
    std::set<std::string> todo;
    todo.swap(dirty_);
    lock.unlock();
    const auto now = Steady::now();
    for (const auto& [id, failure] : failed_) {
      if (failure.retry_at <= now) todo.insert(id);
    }
    for (const auto& id : todo) follow(id);
    if (now >= next_purge) {
      purge();
      look_after();
      next_purge = Steady::now() + kPurgeEvery;
    }
    lock.lock();
  }
}

// Brings one VPC to the newest snapshot.
void Applier::follow(const std::string& vpc_id) {
  const auto snapshot = committer_->snapshot();
  const Status status = snapshot->find<model::Vpc>(vpc_id) ? apply(*snapshot, vpc_id) : remove(vpc_id);
  if (status) {
    failed_.erase(vpc_id);
    confirm(snapshot, vpc_id);
  } else {
    auto& failure = failed_[vpc_id];
    const auto pause = std::min<std::chrono::milliseconds>(
        kLongestPause, std::chrono::milliseconds(100 << std::min(failure.count, 10U)));
    ++failure.count;
    failure.retry_at = Steady::now() + pause;
    log_.error("{} is not applied (attempt {}, next in {} ms): {}", vpc_id, failure.count, pause.count(),
               status.error().text());
  }
  applied_count_ = applied_.size();
  failed_count_ = failed_.size();
  answer(vpc_id, snapshot->revision, status);
}

// What somebody took away or put back is planned as before, and its plan applied again.
void Applier::look_after() {
  const auto changed = sink_->look_after();
  if (changed.empty()) return;
  for (const auto& [id, plan] : applied_) {
    if (!changed.contains(plan.number)) continue;
    if (const auto status = sink_->apply_path(plan); !status) {
      log_.error("{} is not applied again: {}", id, status.error().text());
      failed_[id].retry_at = Steady::now();
    }
  }
}

Status Applier::apply(const model::Snapshot& snapshot, const std::string& vpc_id) {
  GINNEL_TRY(auto next, plan::plan_vpc(snapshot, region_, vpc_id, facts_, host_));
  const auto found = applied_.find(vpc_id);
  const bool failed_before = failed_.contains(vpc_id);
  if (found != applied_.end() && found->second.same_as(next) && !failed_before) return {};

  if (found != applied_.end()) {
    auto during = found->second;
    during.private_names = staying(during.private_names, next.private_names);
    during.public_names = staying(during.public_names, next.public_names);
    sink_->publish_names(during);
  }
  const auto given = synthetic_addresses(next);
  for (const auto& [owner, address] : given) facts_.synthetic[owner] = address;
  GINNEL_CHECKED(sink_->apply_path(next));
  if (found != applied_.end()) {
    for (const auto& [owner, address] : synthetic_addresses(found->second)) {
      if (!given.contains(owner)) facts_.synthetic.erase(owner);
    }
  }
  sink_->publish_names(next);
  applied_[vpc_id] = std::move(next);
  return {};
}

Status Applier::remove(const std::string& vpc_id) {
  const auto found = applied_.find(vpc_id);
  if (found == applied_.end()) return {};
  sink_->withdraw_names(found->second.number);
  GINNEL_CHECKED(sink_->remove_path(found->second.number));
  for (const auto& [owner, address] : synthetic_addresses(found->second)) facts_.synthetic.erase(owner);
  applied_.erase(found);
  return {};
}

// Commits what it means that this snapshot's state of the VPC is in force.
void Applier::confirm(const model::SnapshotPtr& applied, const std::string& vpc_id) {
  if (model::mark_applied(*applied, *applied, vpc_id, clock_.now()).empty()) return;
  committer_->submit([this, applied, vpc_id](const model::Snapshot& newest) {
    return Decision{model::mark_applied(*applied, newest, vpc_id, clock_.now()), {}};
  });
}

void Applier::purge() {
  if (model::purge(*committer_->snapshot(), clock_.now()).empty()) return;
  committer_->submit([this](const model::Snapshot& newest) {
    return Decision{model::purge(newest, clock_.now()), {}};
  });
}

}  // namespace ginnel::daemon
