#include "store/memory_store.h"

#include <algorithm>

namespace ginnel::store {

Revision MemoryStore::revision() const {
  const std::lock_guard lock(mutex_);
  return revision_;
}

Result<std::optional<Entry>> MemoryStore::get(std::string_view key) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(key);
  if (found == entries_.end()) return std::optional<Entry>();
  return std::optional<Entry>(found->second);
}

Result<std::vector<Entry>> MemoryStore::range_between(std::string_view begin, std::string_view end, size_t limit) {
  const std::lock_guard lock(mutex_);
  std::vector<Entry> out;
  for (auto it = entries_.lower_bound(begin); it != entries_.end() && out.size() < limit; ++it) {
    if (!end.empty() && it->first >= end) break;
    out.push_back(it->second);
  }
  return out;
}

Result<std::vector<Result<Revision>>> MemoryStore::commit_all(std::span<const Transaction> transactions) {
  const std::lock_guard lock(mutex_);
  std::vector<Result<Revision>> results;
  results.reserve(transactions.size());
  for (const auto& transaction : transactions) results.push_back(apply(transaction));
  if (revision_ > kept_revisions_) forget_up_to(revision_ - kept_revisions_);
  changed_.notify_all();
  return results;
}

Result<Revision> MemoryStore::apply(const Transaction& transaction) {
  GINNEL_TRY(const auto effect, detail::effect_of(transaction));
  GINNEL_CHECKED(detail::check_expected(transaction, revision_));
  for (const auto& compare : transaction.compares) {
    const auto found = entries_.find(compare.key);
    GINNEL_CHECKED(
        detail::check_compare(compare, found == entries_.end() ? std::nullopt : std::optional(found->second.modified)));
  }
  Commit commit{revision_ + 1, {}};
  for (const auto& [key, value] : effect) {
    const auto found = entries_.find(key);
    if (!value && found == entries_.end()) continue;
    commit.events.push_back({std::string(key), std::optional<std::string>(value)});
    if (!value) {
      entries_.erase(found);
    } else if (found != entries_.end()) {
      found->second.value = *value;
      found->second.modified = commit.revision;
    } else {
      entries_.emplace(key, Entry{std::string(key), std::string(*value), commit.revision, commit.revision});
    }
  }
  if (commit.events.empty()) return revision_;
  revision_ = commit.revision;
  history_.push_back(std::move(commit));
  return revision_;
}

Result<std::vector<Commit>> MemoryStore::changes(Revision after, size_t limit) {
  const std::lock_guard lock(mutex_);
  GINNEL_CHECKED(detail::check_kept(after, compacted_, revision_));
  std::vector<Commit> out;
  for (const auto& commit : history_) {
    if (out.size() == limit) break;
    if (commit.revision > after) out.push_back(commit);
  }
  return out;
}

bool MemoryStore::wait_beyond(Revision after, std::chrono::milliseconds time_out) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, time_out, [&] { return revision_ > after; });
}

Status MemoryStore::compact(Revision revision) {
  const std::lock_guard lock(mutex_);
  forget_up_to(std::min(revision, revision_));
  return {};
}

void MemoryStore::forget_up_to(Revision revision) {
  while (!history_.empty() && history_.front().revision <= revision) history_.pop_front();
  compacted_ = std::max(compacted_, revision);
}

}  // namespace ginnel::store
