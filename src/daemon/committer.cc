#include "daemon/committer.h"

#include <algorithm>
#include <future>
#include <map>
#include <optional>
#include <set>

#include "base/check.h"

namespace ginnel::daemon {
namespace {

// Bounds what one fsync carries, and so how long an answer can wait for its neighbours.
constexpr size_t kLargestBatch = 512;

// The net effect of several changes, one after the other, as one store transaction.
store::Transaction to_transaction(const std::vector<Decision>& decisions) {
  std::map<std::string, std::optional<std::string>> effect;
  for (const auto& decision : decisions) {
    for (const auto& key : decision.change.deletes) effect[model::store_key(key)] = std::nullopt;
    for (const auto& resource : decision.change.puts) effect[model::store_key(resource)] = model::store_value(resource);
  }
  store::Transaction transaction;
  for (auto& [key, value] : effect) {
    if (value) {
      transaction.puts.push_back({key, std::move(*value)});
    } else {
      transaction.deletes.push_back(key);
    }
  }
  return transaction;
}

Result<model::Snapshot> read_store(store::Store& store) {
  model::Change all;
  GINNEL_TRY(const auto documents, store.range(""));
  for (const auto& document : documents) {
    GINNEL_TRY(auto resource, model::read_document(document.key, document.value));
    all.puts.push_back(std::move(resource));
  }
  model::Snapshot snapshot = model::Snapshot().with(all);
  snapshot.revision = store.revision();
  return snapshot;
}

}  // namespace

Result<std::unique_ptr<Committer>> Committer::open(store::Store& store, Log& log, OnPublish on_publish) {
  GINNEL_TRY(auto first, read_store(store));
  return std::unique_ptr<Committer>(
      new Committer(store, log, std::move(on_publish), std::make_shared<const model::Snapshot>(std::move(first))));
}

Committer::Committer(store::Store& store, Log& log, OnPublish on_publish, model::SnapshotPtr first)
    : store_(store), log_(log), on_publish_(std::move(on_publish)), snapshot_(std::move(first)) {
  thread_ = std::thread([this] { loop(); });
}

Committer::~Committer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

model::SnapshotPtr Committer::snapshot() const {
  const std::lock_guard lock(snapshot_mutex_);
  return snapshot_;
}

void Committer::submit(Command command) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(command));
  }
  wake_.notify_one();
}

Status Committer::run(std::function<model::Change(const model::Snapshot&)> command) {
  GINNEL_CHECK(std::this_thread::get_id() != thread_.get_id(), "run() waits for the committer's own thread");
  std::promise<Status> promise;
  auto future = promise.get_future();
  submit([&](const model::Snapshot& snapshot) {
    return Decision{command(snapshot), [&](const Status& status) { promise.set_value(status); }};
  });
  return future.get();
}

void Committer::loop() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (stopping_) break;
    std::vector<Command> batch;
    if (waiting_.size() <= kLargestBatch) {
      batch.swap(waiting_);
    } else {
      const auto end = waiting_.begin() + kLargestBatch;
      batch.assign(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(end));
      waiting_.erase(waiting_.begin(), end);
    }
    lock.unlock();
    commit(batch);
    lock.lock();
  }
  // Those that never ran: they are told so, on a state that is not used any more.
  const auto refused = std::move(waiting_);
  lock.unlock();
  const Status stopping = fail("commit", "", "the daemon is stopping");
  for (const auto& command : refused) {
    const auto decision = command(*snapshot_);
    if (decision.done) decision.done(stopping);
  }
}

void Committer::commit(const std::vector<Command>& batch) {
  model::Snapshot state = *snapshot();
  std::vector<Decision> decisions;
  std::set<std::string> touched;
  for (const auto& command : batch) {
    const auto& change = decisions.emplace_back(command(state)).change;
    if (change.empty()) continue;
    model::Snapshot next = state.with(change);
    for (auto& id : model::touched_vpcs(state, next, change)) touched.insert(std::move(id));
    state = std::move(next);
  }

  const auto transaction = to_transaction(decisions);
  Status status;
  if (!transaction.puts.empty() || !transaction.deletes.empty()) {
    const auto revision = store_.commit(transaction);
    if (revision) {
      state.revision = *revision;
      publish(std::make_shared<const model::Snapshot>(std::move(state)), {touched.begin(), touched.end()});
    } else if (batch.size() > 1) {
      // One bad change must not take its neighbours with it: each again, alone, on the state that is in force.
      for (const auto& command : batch) commit({command});
      return;
    } else {
      status = tl::unexpected(revision.error());
      log_.error("a change was not kept: {}", status.error().text());
    }
  }
  for (const auto& decision : decisions) {
    if (decision.done) decision.done(status);
  }
}

void Committer::publish(model::SnapshotPtr next, const std::vector<std::string>& touched) {
  {
    const std::lock_guard lock(snapshot_mutex_);
    snapshot_ = next;
  }
  if (on_publish_) on_publish_(next, touched);
}

}  // namespace ginnel::daemon
