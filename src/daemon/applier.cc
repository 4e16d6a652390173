#include "daemon/applier.h"

#include <algorithm>

#include "model/lifecycle.h"
#include "planner/planner.h"

namespace ginnel::daemon {
namespace {

constexpr auto kPurgeEvery = std::chrono::seconds(1);
constexpr auto kLongestPause = std::chrono::seconds(30);

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
  for (const auto& port : next.ports) facts_.synthetic[port.interface_id] = port.synthetic;
  GINNEL_CHECKED(sink_->apply_path(next));
  if (found != applied_.end()) {
    for (const auto& port : found->second.ports) {
      const auto same = [&](const plan::Port& other) { return other.interface_id == port.interface_id; };
      if (std::none_of(next.ports.begin(), next.ports.end(), same)) facts_.synthetic.erase(port.interface_id);
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
  for (const auto& port : found->second.ports) facts_.synthetic.erase(port.interface_id);
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
