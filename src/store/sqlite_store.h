// The embedded store: one SQLite file, used by one process.
//
// Write-ahead log with full sync: a commit that returned survives a crash of the process and of the machine. The file
// is locked for as long as the store is open; a second daemon on it is refused. A full disk or the size limit fails the
// commit and leaves the store usable. Any other failure of writing leaves open what the disk holds: the commit fails,
// reads go on, and further commits are refused until the store is opened anew, which recovers a consistent state.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>

#include "store/store.h"

namespace ginnel::store {

class SqliteStore final : public Store {
 public:
  struct Options {
    Revision kept_revisions = kKeptRevisions;
    uint64_t largest_file = uint64_t{16} << 30;  // bytes, without the log; more than that is refused as a full disk
  };

  // Opens or creates the file (mode 0600); its folder must exist. Refuses a file of a newer version, of another
  // program, or in use.
  static Result<std::unique_ptr<SqliteStore>> open(const std::string& path, const Options& options);
  static Result<std::unique_ptr<SqliteStore>> open(const std::string& path) { return open(path, Options{}); }
  ~SqliteStore() override;

  [[nodiscard]] Revision revision() const override;
  Result<std::optional<Entry>> get(std::string_view key) override;
  Result<std::vector<Entry>> range_between(std::string_view begin, std::string_view end, size_t limit) override;
  Result<std::vector<Result<Revision>>> commit_all(std::span<const Transaction> transactions) override;
  Result<std::vector<Commit>> changes(Revision after, size_t limit) override;
  bool wait_beyond(Revision after, std::chrono::milliseconds time_out) override;
  Status compact(Revision revision) override;

 private:
  struct Sql;  // the connection and its statements

  SqliteStore(std::unique_ptr<Sql> sql, const Options& options);
  // In an open SQLite transaction; moves `revision` on.
  Result<std::vector<Result<Revision>>> write_all(std::span<const Transaction> transactions, Revision& revision);
  Result<Result<Revision>> apply(const Transaction& transaction, Revision revision);
  Result<Revision> write(const detail::Effect& effect, Revision revision);
  Status write_state(Revision revision, Revision compacted);
  Result<std::optional<Revision>> modified_at(std::string_view key);
  Status end_transaction(Status written);
  void break_off(const Error& error);

  const Options options_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::unique_ptr<Sql> sql_;
  Revision revision_ = 0, compacted_ = 0;
  std::optional<Error> broken_;  // why nothing can be committed any more
};

}  // namespace ginnel::store
