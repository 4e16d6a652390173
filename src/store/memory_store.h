// A store in memory, for tests and for a region that nobody needs again. Same semantics, nothing durable.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>

#include "store/store.h"

namespace ginnel::store {

class MemoryStore final : public Store {
 public:
  explicit MemoryStore(Revision kept_revisions = kKeptRevisions) : kept_revisions_(kept_revisions) {}

  [[nodiscard]] Revision revision() const override;
  Result<std::optional<Entry>> get(std::string_view key) override;
  Result<std::vector<Entry>> range_between(std::string_view begin, std::string_view end, size_t limit) override;
  Result<std::vector<Result<Revision>>> commit_all(std::span<const Transaction> transactions) override;
  Result<std::vector<Commit>> changes(Revision after, size_t limit) override;
  bool wait_beyond(Revision after, std::chrono::milliseconds time_out) override;
  Status compact(Revision revision) override;

 private:
  Result<Revision> apply(const Transaction& transaction);
  void forget_up_to(Revision revision);

  const Revision kept_revisions_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Entry, std::less<>> entries_;
  std::deque<Commit> history_;
  Revision revision_ = 0, compacted_ = 0;
};

}  // namespace ginnel::store
