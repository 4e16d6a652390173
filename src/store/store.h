// Where the region is kept: keys and values with revisions, in the shape of etcd, so that an embedded store and a
// cluster's serve the same code.
//
// Every commit that changes something makes one new revision, counted from 1; 0 is the empty store. A commit is all or
// nothing, and durable when it returns. Keys and values are bytes; keys are ordered bytewise. The changes of the last
// revisions are kept for those who follow the store (Watch); older ones are compacted away.
// All methods are safe to call from any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ginnel::store {

using Revision = uint64_t;

inline constexpr size_t kLongestKey = 1024;        // bytes
inline constexpr size_t kLargestValue = 1U << 20;  // bytes, as etcd takes them
inline constexpr size_t kMostOperations = 65536;   // puts and deletes of one transaction
inline constexpr size_t kNoLimit = std::numeric_limits<size_t>::max();
inline constexpr Revision kKeptRevisions = 10000;  // how many stay to be read by changes()

struct Entry {
  std::string key, value;
  Revision created = 0, modified = 0;  // the revisions that made the key and that last put it
  friend bool operator==(const Entry&, const Entry&) = default;
};

// What must hold for a transaction to happen.
struct Compare {
  enum class Is { absent, present, modified_at };
  std::string key;
  Is is = Is::present;
  Revision modified = 0;  // for modified_at
};

struct Put {
  std::string key, value;
};

// Deletes happen before puts, and of several puts of one key the last one counts. Deleting what is not there is no
// error. A transaction that changes nothing makes no revision.
struct Transaction {
  std::optional<Revision> expected_revision;  // of the whole store; with commit_all: after those before it
  std::vector<Compare> compares;
  std::vector<std::string> deletes;
  std::vector<Put> puts;
};

// One changed key; no value: it was deleted.
struct Event {
  std::string key;
  std::optional<std::string> value;
  friend bool operator==(const Event&, const Event&) = default;
};

// What one revision changed, in key order.
struct Commit {
  Revision revision = 0;
  std::vector<Event> events;
  friend bool operator==(const Commit&, const Commit&) = default;
};

// The error means that a compare or the expected revision did not hold.
[[nodiscard]] bool is_conflict(const Error& error);
// The error means that the changes asked for are not kept any more: read everything anew.
[[nodiscard]] bool is_compacted(const Error& error);

// The first key after all keys that begin with `prefix`; empty: there is no such key.
[[nodiscard]] std::string end_of_prefix(std::string_view prefix);

class Store {
 public:
  virtual ~Store() = default;

  // The revision that the reads see.
  [[nodiscard]] virtual Revision revision() const = 0;
  virtual Result<std::optional<Entry>> get(std::string_view key) = 0;
  // Keys from `begin` on and before `end` (empty: to the last), in order, at most `limit`.
  virtual Result<std::vector<Entry>> range_between(std::string_view begin, std::string_view end, size_t limit) = 0;
  Result<std::vector<Entry>> range(std::string_view prefix, size_t limit = kNoLimit) {
    return range_between(prefix, end_of_prefix(prefix), limit);
  }

  // Several transactions, one after the other, made durable together (one fsync). An Error: nothing of any of them
  // happened. Else each has its own result: its revision, or a conflict or bad input, which leaves the others alone.
  virtual Result<std::vector<Result<Revision>>> commit_all(std::span<const Transaction> transactions) = 0;
  Result<Revision> commit(const Transaction& transaction);

  // What happened after revision `after`, oldest first, at most `limit` commits. A revision that is not kept any more
  // is an is_compacted() Error; one that has not been yet is an Error too.
  virtual Result<std::vector<Commit>> changes(Revision after, size_t limit) = 0;
  // Waits until the revision is beyond `after` or the time is over; true: it is beyond.
  virtual bool wait_beyond(Revision after, std::chrono::milliseconds time_out) = 0;
  // Forgets the changes up to and including `revision`; the keys stay.
  virtual Status compact(Revision revision) = 0;
};

// Follows a store from a revision on: every change, once, in order. One thread; the store must outlive it.
class Watch {
 public:
  Watch(Store& store, Revision after) : store_(store), after_(after) {}
  // The next commits; empty: none came in time. After an Error, begin again from a full read.
  Result<std::vector<Commit>> next(std::chrono::milliseconds time_out, size_t limit = 1000);

 private:
  Store& store_;
  Revision after_;
};

// For implementations.
namespace detail {
// The effect of a transaction: key → new value, or nothing for a delete. Views into the transaction.
using Effect = std::map<std::string_view, std::optional<std::string_view>>;

Result<Effect> effect_of(const Transaction& transaction);  // refuses what is over the limits
tl::unexpected<Error> conflict(std::string_view key, std::string_view cause);
// Whether the compare holds for a key that was last put at `modified` (no value: absent).
Status check_compare(const Compare& compare, std::optional<Revision> modified);
Status check_expected(const Transaction& transaction, Revision revision);
// The check that changes() makes first.
Status check_kept(Revision after, Revision compacted, Revision revision);
}  // namespace detail

}  // namespace ginnel::store
