// Makes the kernel and the resolver follow the snapshots, and tells the model what has been applied.
//
// One thread of its own. A published snapshot marks the VPCs that it touches; the thread plans each of them whole, and
// where the plan differs from the one in force: withdraws the names that go, applies the path, publishes the names that
// come, and then commits what the applied path means (pending → available, shutting-down → terminated, …). So a name
// answers only while its path stands, and `available` means that packets pass. A VPC that fails is tried again with
// growing pauses; the others go on.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/committer.h"
#include "model/region.h"
#include "planner/plan.h"

namespace ginnel::daemon {

// Where plans go: the data plane and the resolver, or nothing at all in API-only mode. Called by the applier's thread.
class PlanSink {
 public:
  virtual ~PlanSink() = default;
  virtual Status apply_path(const plan::VpcPlan& plan) = 0;
  virtual Status remove_path(plan::VpcNumber number) = 0;
  virtual void publish_names(const plan::VpcPlan& plan) = 0;
  virtual void withdraw_names(plan::VpcNumber number) = 0;
  // VPCs whose ports stand otherwise than they were left, because somebody took a device or a namespace away or put it
  // back; their plans are to be applied again. Called about once a second.
  virtual std::set<plan::VpcNumber> look_after() { return {}; }
  // Everything of VPCs other than these is a leftover; called once, after the first round of plans.
  virtual Status sweep(const std::set<plan::VpcNumber>& known) = 0;
  // What an earlier daemon left in force.
  virtual plan::HostFacts facts() = 0;
};

class Applier {
 public:
  // All references must outlive the applier. Nothing happens before start().
  Applier(const model::Region& region, const plan::HostPlan& host, const Clock& clock, Log& log);
  ~Applier();

  // Plans every VPC of the committer's snapshot and sweeps leftovers, then goes on in its own thread. A VPC that
  // cannot be applied is logged and retried; an Error means that the leftovers could not be swept.
  Status start(Committer& committer, PlanSink& sink);
  // Ends the thread after what has been touched so far; then the committer and the sink may go. touch() stays legal and
  // does nothing.
  void stop();
  // From any thread; the committer's OnPublish.
  void touch(const std::vector<std::string>& vpc_ids);
  // Calls `done` in the applier's thread once the VPC has been brought to this revision or a later one, or tried to:
  // with what came of it. At the end of the thread those that still wait get an Error.
  void after(const std::string& vpc_id, uint64_t revision, std::function<void(const Status&)> done);
  // How many VPCs are in force, and how many wait for a retry; from any thread.
  [[nodiscard]] size_t applied_count() const { return applied_count_; }
  [[nodiscard]] size_t failed_count() const { return failed_count_; }

 private:
  using Steady = std::chrono::steady_clock;
  struct Failure {
    unsigned count = 0;
    Steady::time_point retry_at;
  };

  void loop();
  void follow(const std::string& vpc_id);
  Status apply(const model::Snapshot& snapshot, const std::string& vpc_id);
  Status remove(const std::string& vpc_id);
  void confirm(const model::SnapshotPtr& applied, const std::string& vpc_id);
  void purge();
  void look_after();
  void answer(const std::string& vpc_id, uint64_t revision, const Status& status);

  struct Waiting {
    std::string vpc_id;
    uint64_t revision = 0;
    std::function<void(const Status&)> done;
  };

  const model::Region& region_;
  const plan::HostPlan& host_;
  const Clock& clock_;
  Log& log_;
  Committer* committer_ = nullptr;
  PlanSink* sink_ = nullptr;
  // Of the applier's thread alone:
  plan::HostFacts facts_;
  std::map<std::string, plan::VpcPlan> applied_;  // in force, by VPC id
  std::map<std::string, Failure> failed_;

  std::atomic<size_t> applied_count_ = 0, failed_count_ = 0;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::set<std::string> dirty_;
  std::vector<Waiting> waiting_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace ginnel::daemon
