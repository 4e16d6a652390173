// The one writer of the region: makes changes durable and publishes the snapshots that they lead to.
//
// Commands run one after the other in the committer's own thread, each on the state that the one before left. Those
// that wait together become one durable store commit (group commit: one fsync, one revision). A command's `done` is
// called in that thread after its change is durable and published, or with the store's Error, in which case nothing of
// it happened. A command whose change is empty is answered with its batch, so answers keep the order of submission. A
// batch that the store refuses is tried again command by command, so a command may run more than once.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/log.h"
#include "model/snapshot.h"
#include "store/store.h"

namespace ginnel::daemon {

struct Decision {
  model::Change change;
  std::function<void(const Status&)> done;  // may be empty
};

class Committer {
 public:
  // Must be pure but for what it captures to give to `done`; it may not block.
  using Command = std::function<Decision(const model::Snapshot&)>;
  // Called in the committer's thread after each publication, with the VPCs whose plan may differ.
  using OnPublish = std::function<void(const model::SnapshotPtr&, const std::vector<std::string>& touched)>;

  // Reads the whole store into the first snapshot. The store and the log must outlive the committer.
  static Result<std::unique_ptr<Committer>> open(store::Store& store, Log& log, OnPublish on_publish);
  ~Committer();  // waits for the batch in flight; commands still waiting get an Error

  // From any thread.
  [[nodiscard]] model::SnapshotPtr snapshot() const;
  void submit(Command command);
  // Submits and waits; not from the committer's own thread.
  Status run(std::function<model::Change(const model::Snapshot&)> command);

 private:
  Committer(store::Store& store, Log& log, OnPublish on_publish, model::SnapshotPtr first);
  void loop();
  void commit(const std::vector<Command>& batch);
  void publish(model::SnapshotPtr next, const std::vector<std::string>& touched);

  store::Store& store_;
  Log& log_;
  OnPublish on_publish_;
  mutable std::mutex snapshot_mutex_;
  model::SnapshotPtr snapshot_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Command> waiting_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace ginnel::daemon
