#include "store/sqlite_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "base/unique_fd.h"
#include "store/sqlite.h"

namespace ginnel::store {
namespace {

constexpr int64_t kApplicationId = 0x67696e6c;  // "ginl"
constexpr int64_t kSchemaVersion = 1;

constexpr const char* kSchema = R"sql(
CREATE TABLE state(
  only_row INTEGER PRIMARY KEY CHECK (only_row = 0),
  revision INTEGER NOT NULL,
  compacted INTEGER NOT NULL) STRICT;
INSERT INTO state VALUES (0, 0, 0);
CREATE TABLE document(
  key BLOB PRIMARY KEY,
  value BLOB NOT NULL,
  created INTEGER NOT NULL,
  modified INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE history(
  revision INTEGER NOT NULL,
  key BLOB NOT NULL,
  value BLOB,
  PRIMARY KEY (revision, key)) STRICT, WITHOUT ROWID;
)sql";

int64_t to_sql(Revision revision) { return static_cast<int64_t>(revision); }
Revision from_sql(int64_t number) { return static_cast<Revision>(number); }

// Creates the file with its mode, or gives an old one that mode. A file that is there is never opened and closed here:
// that would drop the locks that this process may hold on it (fcntl(2), "record locks").
Status prepare_file(const std::string& path) {
  const UniqueFd created(::open(path.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (created) return {};
  if (errno != EEXIST) return fail_errno("create", path);
  if (::chmod(path.c_str(), S_IRUSR | S_IWUSR) != 0) return fail_errno("set the mode of", path);
  return {};
}

// Makes the names of the file and its log durable.
Status sync_folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return fail_errno("open", folder);
  if (::fsync(fd.get()) != 0) return fail_errno("sync", folder);
  return {};
}

// The first access, which takes the lock. True: the file is empty and wants a schema.
Result<bool> check_identity(Database& database) {
  const auto application = database.number("PRAGMA application_id");
  if (!application) {
    const int code = database.result_code();
    if (code == SQLITE_BUSY) {
      return tl::unexpected(Error{"open", database.path(), "another process uses it (a second daemon?)", EBUSY});
    }
    if (code == SQLITE_NOTADB) return fail("open", database.path(), "not a store of Ginnel");
    return tl::unexpected(application.error());
  }
  GINNEL_TRY(const int64_t version, database.number("PRAGMA user_version"));
  GINNEL_TRY(const int64_t tables, database.number("SELECT count(*) FROM sqlite_schema"));
  if (*application == 0 && version == 0 && tables == 0) return true;
  if (*application != kApplicationId) return fail("open", database.path(), "not a store of Ginnel");
  if (version != kSchemaVersion) {
    return fail("open", database.path(),
                fmt::format("its version is {}; this program knows {}", version, kSchemaVersion));
  }
  return false;
}

Status set_up(Database& database, const SqliteStore::Options& options) {
  GINNEL_CHECKED(database.run("PRAGMA locking_mode=EXCLUSIVE"));
  GINNEL_TRY(const bool is_new, check_identity(database));
  GINNEL_TRY(const auto mode, database.text("PRAGMA journal_mode=WAL"));
  if (mode != "wal") return fail("open", database.path(), "no write-ahead log on this file system: " + mode);
  GINNEL_CHECKED(database.run("PRAGMA synchronous=FULL; PRAGMA journal_size_limit=67108864"));
  GINNEL_TRY(const int64_t page_size, database.number("PRAGMA page_size"));
  const uint64_t pages = std::clamp<uint64_t>(options.largest_file / static_cast<uint64_t>(page_size), 1, 0xfffffffe);
  GINNEL_CHECKED(database.run(fmt::format("PRAGMA max_page_count={}", pages).c_str()));
  // An immediate transaction takes the write lock, which exclusive mode then keeps.
  GINNEL_CHECKED(database.run("BEGIN IMMEDIATE"));
  if (is_new) {
    GINNEL_CHECKED(database.run(kSchema));
    GINNEL_CHECKED(database.run(
        fmt::format("PRAGMA application_id={}; PRAGMA user_version={}", kApplicationId, kSchemaVersion).c_str()));
  }
  return database.run("COMMIT");
}

}  // namespace

struct SqliteStore::Sql {
  Database database;
  Statement begin, commit, rollback;
  Statement get, range, range_to_end;
  Statement put, erase, set_state;
  Statement add_event, events, forget;

  static Result<std::unique_ptr<Sql>> prepare(Database database);
};

Result<std::unique_ptr<SqliteStore::Sql>> SqliteStore::Sql::prepare(Database database) {
  const auto sql = [&](std::string_view text) { return Statement::prepare(database, text); };
  GINNEL_TRY(auto begin, sql("BEGIN IMMEDIATE"));
  GINNEL_TRY(auto commit, sql("COMMIT"));
  GINNEL_TRY(auto rollback, sql("ROLLBACK"));
  GINNEL_TRY(auto get, sql("SELECT key, value, created, modified FROM document WHERE key = ?1"));
  GINNEL_TRY(auto range, sql("SELECT key, value, created, modified FROM document WHERE key >= ?1 AND key < ?2 "
                             "ORDER BY key LIMIT ?3"));
  GINNEL_TRY(auto range_to_end, sql("SELECT key, value, created, modified FROM document WHERE key >= ?1 "
                                    "ORDER BY key LIMIT ?3"));
  GINNEL_TRY(auto put, sql("INSERT INTO document VALUES (?1, ?2, ?3, ?3) "
                           "ON CONFLICT (key) DO UPDATE SET value = ?2, modified = ?3"));
  GINNEL_TRY(auto erase, sql("DELETE FROM document WHERE key = ?1"));
  GINNEL_TRY(auto set_state, sql("UPDATE state SET revision = ?1, compacted = ?2"));
  GINNEL_TRY(auto add_event, sql("INSERT INTO history VALUES (?1, ?2, ?3)"));
  GINNEL_TRY(auto events, sql("SELECT revision, key, value FROM history WHERE revision > ?1 ORDER BY revision, key"));
  GINNEL_TRY(auto forget, sql("DELETE FROM history WHERE revision <= ?1"));
  return std::unique_ptr<Sql>(new Sql{std::move(database), std::move(begin), std::move(commit), std::move(rollback),
                                      std::move(get), std::move(range), std::move(range_to_end), std::move(put),
                                      std::move(erase), std::move(set_state), std::move(add_event), std::move(events),
                                      std::move(forget)});
}

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(const std::string& path, const Options& options) {
  GINNEL_CHECKED(prepare_file(path));
  GINNEL_TRY(auto database, Database::open(path));
  GINNEL_CHECKED(set_up(database, options));
  GINNEL_CHECKED(sync_folder_of(path));
  GINNEL_TRY(const int64_t revision, database.number("SELECT revision FROM state"));
  GINNEL_TRY(const int64_t compacted, database.number("SELECT compacted FROM state"));
  GINNEL_TRY(auto sql, Sql::prepare(std::move(database)));
  auto store = std::unique_ptr<SqliteStore>(new SqliteStore(std::move(sql), options));
  store->revision_ = from_sql(revision);
  store->compacted_ = from_sql(compacted);
  return store;
}

SqliteStore::SqliteStore(std::unique_ptr<Sql> sql, const Options& options) : options_(options), sql_(std::move(sql)) {}
SqliteStore::~SqliteStore() = default;

Revision SqliteStore::revision() const {
  const std::lock_guard lock(mutex_);
  return revision_;
}

namespace {
Entry entry_of(const Statement& row) {
  return {row.bytes(0), row.bytes(1), from_sql(row.number(2)), from_sql(row.number(3))};
}
}  // namespace

Result<std::optional<Entry>> SqliteStore::get(std::string_view key) {
  const std::lock_guard lock(mutex_);
  const ResetAtEnd reset_at_end(sql_->get);
  GINNEL_TRY(const bool row, sql_->get.bind(1, key).step());
  if (!row) return std::optional<Entry>();
  return std::optional<Entry>(entry_of(sql_->get));
}

Result<std::vector<Entry>> SqliteStore::range_between(std::string_view begin, std::string_view end, size_t limit) {
  const std::lock_guard lock(mutex_);
  Statement& range = end.empty() ? sql_->range_to_end : sql_->range;
  const ResetAtEnd reset_at_end(range);
  if (!end.empty()) range.bind(2, end);
  const auto most = static_cast<int64_t>(std::min<uint64_t>(limit, std::numeric_limits<int64_t>::max()));
  range.bind(1, begin).bind(3, most);
  std::vector<Entry> out;
  for (;;) {
    GINNEL_TRY(const bool row, range.step());
    if (!row) return out;
    out.push_back(entry_of(range));
  }
}

Result<std::vector<Result<Revision>>> SqliteStore::commit_all(std::span<const Transaction> transactions) {
  const std::lock_guard lock(mutex_);
  if (broken_) {
    return tl::unexpected(Error{"commit to", sql_->database.path(),
                                "refused until the store is opened anew, after: " + broken_->text(), broken_->code});
  }
  GINNEL_CHECKED(sql_->begin.run());
  Revision revision = revision_;
  auto results = write_all(transactions, revision);
  const Revision compacted =
      revision > options_.kept_revisions ? std::max(compacted_, revision - options_.kept_revisions) : compacted_;
  Status written;
  if (!results) written = tl::unexpected(results.error());
  if (written && revision != revision_) written = write_state(revision, compacted);
  GINNEL_CHECKED(end_transaction(std::move(written)));
  revision_ = revision;
  compacted_ = compacted;
  changed_.notify_all();
  return results;
}

Result<std::vector<Result<Revision>>> SqliteStore::write_all(std::span<const Transaction> transactions,
                                                             Revision& revision) {
  std::vector<Result<Revision>> results;
  results.reserve(transactions.size());
  for (const auto& transaction : transactions) {
    GINNEL_TRY(auto result, apply(transaction, revision));
    if (result) revision = *result;
    results.push_back(std::move(result));
  }
  return results;
}

// The outer Error is the database's; the inner result is the transaction's own. Everything is checked before the first
// write, so that a conflict leaves nothing to take back.
Result<Result<Revision>> SqliteStore::apply(const Transaction& transaction, Revision revision) {
  const auto effect = detail::effect_of(transaction);
  if (!effect) return Result<Revision>(tl::unexpected(effect.error()));
  if (auto status = detail::check_expected(transaction, revision); !status) {
    return Result<Revision>(tl::unexpected(status.error()));
  }
  for (const auto& compare : transaction.compares) {
    GINNEL_TRY(const auto modified, modified_at(compare.key));
    if (auto status = detail::check_compare(compare, modified); !status) {
      return Result<Revision>(tl::unexpected(status.error()));
    }
  }
  GINNEL_TRY(const Revision after, write(*effect, revision));
  return Result<Revision>(after);
}

Result<std::optional<Revision>> SqliteStore::modified_at(std::string_view key) {
  const ResetAtEnd reset_at_end(sql_->get);
  GINNEL_TRY(const bool row, sql_->get.bind(1, key).step());
  return row ? std::optional(from_sql(sql_->get.number(3))) : std::nullopt;
}

Result<Revision> SqliteStore::write(const detail::Effect& effect, Revision revision) {
  const int64_t next = to_sql(revision + 1);
  bool changed = false;
  for (const auto& [key, value] : effect) {
    if (value) {
      GINNEL_CHECKED(sql_->put.bind(1, key).bind(2, *value).bind(3, next).run());
    } else {
      GINNEL_CHECKED(sql_->erase.bind(1, key).run());
      if (sqlite3_changes64(sql_->database.handle()) == 0) continue;
    }
    GINNEL_CHECKED(sql_->add_event.bind(1, next).bind(2, key).bind(3, value).run());
    changed = true;
  }
  return changed ? revision + 1 : revision;
}

Status SqliteStore::write_state(Revision revision, Revision compacted) {
  if (compacted != compacted_) GINNEL_CHECKED(sql_->forget.bind(1, to_sql(compacted)).run());
  return sql_->set_state.bind(1, to_sql(revision)).bind(2, to_sql(compacted)).run();
}

// Commits what was written, or takes it back. A commit that fails for want of room has not reached its last page, so
// the log will not replay it. Any other failure (of a sync above all) leaves open what is on the disk.
Status SqliteStore::end_transaction(Status written) {
  const bool committing = written.has_value();
  if (committing) written = sql_->commit.run();
  if (written) return {};
  const int code = sql_->database.result_code();
  const bool certain = code == SQLITE_FULL || (!committing && code != SQLITE_IOERR && code != SQLITE_CORRUPT);
  if (!certain) break_off(written.error());
  if (sql_->database.in_transaction()) {
    if (auto undone = sql_->rollback.run(); !undone) break_off(undone.error());
  }
  return written;
}

void SqliteStore::break_off(const Error& error) {
  if (!broken_) broken_ = error;
}

Result<std::vector<Commit>> SqliteStore::changes(Revision after, size_t limit) {
  const std::lock_guard lock(mutex_);
  GINNEL_CHECKED(detail::check_kept(after, compacted_, revision_));
  const ResetAtEnd reset_at_end(sql_->events);
  sql_->events.bind(1, to_sql(after));
  std::vector<Commit> out;
  for (;;) {
    GINNEL_TRY(const bool row, sql_->events.step());
    if (!row) return out;
    const Revision revision = from_sql(sql_->events.number(0));
    if (out.empty() || out.back().revision != revision) {
      if (out.size() == limit) return out;
      out.push_back({revision, {}});
    }
    std::optional<std::string> value;
    if (!sql_->events.is_null(2)) value = sql_->events.bytes(2);
    out.back().events.push_back({sql_->events.bytes(1), std::move(value)});
  }
}

bool SqliteStore::wait_beyond(Revision after, std::chrono::milliseconds time_out) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, time_out, [&] { return revision_ > after; });
}

Status SqliteStore::compact(Revision revision) {
  const std::lock_guard lock(mutex_);
  const Revision compacted = std::max(compacted_, std::min(revision, revision_));
  if (compacted == compacted_) return {};
  if (broken_) return tl::unexpected(*broken_);
  GINNEL_CHECKED(sql_->begin.run());
  GINNEL_CHECKED(end_transaction(write_state(revision_, compacted)));
  compacted_ = compacted;
  return {};
}

}  // namespace ginnel::store
